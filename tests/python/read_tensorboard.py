"""Reads the export given as argument with TensorBoard's own reader; prints what it finds in every run as JSON."""

import io
import json
import os
import sys

import numpy as np
from google.protobuf.json_format import MessageToDict
from PIL import Image
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
from tensorboard.plugins.hparams import metadata

PARSERS = {
    metadata.EXPERIMENT_TAG: metadata.parse_experiment_plugin_data,
    metadata.SESSION_START_INFO_TAG: metadata.parse_session_start_info_plugin_data,
    metadata.SESSION_END_INFO_TAG: metadata.parse_session_end_info_plugin_data,
}


def picture(event):
    """Step, time, declared size, and the pixels as [grey, alpha] rows."""
    pixels = np.asarray(Image.open(io.BytesIO(event.encoded_image_string)))
    return [event.step, event.wall_time, [event.width, event.height], pixels.tolist()]


def number(value):
    return value if np.isfinite(value) else str(value)


def text(events, tag):
    assert events.SummaryMetadata(tag).plugin_data.plugin_name == "text"
    [event] = events.Tensors(tag)
    [markdown] = event.tensor_proto.string_val
    return markdown.decode()


def hparams(events, tag):
    plugin = events.SummaryMetadata(tag).plugin_data
    assert plugin.plugin_name == metadata.PLUGIN_NAME
    return MessageToDict(PARSERS[tag](plugin.content))


def run(folder):
    events = EventAccumulator(folder, {"images": 0, "scalars": 0, "tensors": 0})
    events.Reload()
    tags = events.Tags()
    return {
        "scalars": {tag: [[e.step, number(e.value), e.wall_time] for e in events.Scalars(tag)] for tag in tags["scalars"]},
        "images": {tag: [picture(e) for e in events.Images(tag)] for tag in tags["images"]},
        "texts": {tag: text(events, tag) for tag in tags["tensors"] if tag not in PARSERS},
        "hparams": {tag: hparams(events, tag) for tag in tags["tensors"] if tag in PARSERS},
    }


root = sys.argv[1]
found = {}
for folder, _, names in os.walk(root):
    if any("tfevents" in name for name in names):
        found[os.path.relpath(folder, root)] = run(folder)
json.dump(found, sys.stdout)
