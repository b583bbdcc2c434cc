//! Which GPUs CUDA shows to a process: those of `CUDA_VISIBLE_DEVICES`, or all.

use super::smi::{self, Gpu};

/// The GPUs that CUDA shows to this process.
///
/// # Errors
/// In words, why there are none.
pub fn seen() -> Result<Vec<Option<Gpu>>, String> {
    let listed = smi::list()?;
    let variable = std::env::var_os("CUDA_VISIBLE_DEVICES");
    let variable = variable.map(|text| text.to_string_lossy().into_owned());
    let seen = visible(variable.as_deref(), &listed);
    match seen.is_empty() {
        true => Err(format!(
            "CUDA_VISIBLE_DEVICES shows none of the {} that nvidia-smi lists",
            listed.len()
        )),
        false => Ok(seen),
    }
}

/// Of each GPU that a process sees, in CUDA's order, what is known of it. `variable` is `CUDA_VISIBLE_DEVICES`, `listed` what
/// nvidia-smi lists. As CUDA does, the list is read up to the first entry that is none: `-1`, a number that no GPU has.
pub fn visible(variable: Option<&str>, listed: &[Gpu]) -> Vec<Option<Gpu>> {
    let Some(variable) = variable else {
        return listed.iter().cloned().map(Some).collect();
    };
    let entries = variable.split(',').map(str::trim);
    entries.map_while(|entry| find(entry, listed)).collect()
}

/// The GPU of an entry, with nothing known of a part of one (MIG), which nvidia-smi does not list.
fn find(entry: &str, listed: &[Gpu]) -> Option<Option<Gpu>> {
    if entry.starts_with("MIG-") {
        return Some(None);
    }
    let of_entry = |gpu: &&Gpu| match entry.parse::<usize>() {
        Ok(number) => gpu.number == number,
        // A beginning of the name is enough.
        Err(_) => entry.starts_with("GPU-") && gpu.uuid.starts_with(entry),
    };
    listed.iter().find(of_entry).cloned().map(Some)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn listed() -> Vec<Gpu> {
        let gpu = |(number, uuid): (usize, &str)| Gpu {
            number,
            uuid: uuid.into(),
            ..Gpu::default()
        };
        [(0, "GPU-aa-1"), (1, "GPU-ab-2"), (2, "GPU-b-3")]
            .map(gpu)
            .into()
    }

    fn numbers(variable: Option<&str>) -> Vec<Option<usize>> {
        let gpus = visible(variable, &listed()).into_iter();
        gpus.map(|gpu| gpu.map(|gpu| gpu.number)).collect()
    }

    #[test]
    fn all_are_seen_without_the_variable_and_none_when_it_is_empty() {
        assert_eq!(numbers(None), [Some(0), Some(1), Some(2)]);
        for none in ["", "-1", "NoDevFiles", " ", "7", "1e9"] {
            assert_eq!(numbers(Some(none)), [], "{none}");
        }
    }

    #[test]
    fn the_order_is_the_variables_and_the_first_wrong_entry_ends_it() {
        assert_eq!(numbers(Some("2,0")), [Some(2), Some(0)]);
        assert_eq!(numbers(Some("2, 0,9,1")), [Some(2), Some(0)]);
        assert_eq!(numbers(Some("1,-1,0")), [Some(1)]);
    }

    #[test]
    fn names_and_parts_of_gpus_are_seen() {
        assert_eq!(numbers(Some("GPU-b,GPU-aa-1")), [Some(2), Some(0)]);
        assert_eq!(numbers(Some("MIG-1/2/3,0")), [None, Some(0)]);
    }
}
