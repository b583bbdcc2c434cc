//! One line of `scontrol show partition -o`.

use std::time::Duration;

/// A partition as Slurm describes it; what it does not limit is `None`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Partition {
    /// Its name.
    pub name: String,
    /// The longest that a job may run.
    pub walltime: Option<Duration>,
    /// The most nodes of a job.
    pub nodes: Option<u32>,
    /// Whether it takes and starts jobs.
    pub up: bool,
}

impl Partition {
    /// Reads a line; `None` when it is of no partition. Fields that are not known are passed over.
    pub fn parse(line: &str) -> Option<Self> {
        let field = |name: &str| {
            let mut words = line.split_whitespace();
            words.find_map(|word| word.strip_prefix(name)?.strip_prefix('='))
        };
        Some(Self {
            name: field("PartitionName")?.to_owned(),
            walltime: field("MaxTime").and_then(time),
            nodes: field("MaxNodes").and_then(|nodes| nodes.parse().ok()),
            up: field("State") == Some("UP"),
        })
    }
}

/// `[days-]hours:minutes:seconds`, or minutes; `None` for UNLIMITED.
fn time(text: &str) -> Option<Duration> {
    let (days, rest) = match text.split_once('-') {
        Some((days, rest)) => (days.parse::<u64>().ok()?, rest),
        None => (0, text),
    };
    let parts = rest
        .split(':')
        .map(str::parse)
        .collect::<Result<Vec<u64>, _>>()
        .ok()?;
    let seconds = match parts[..] {
        [minutes] => minutes.checked_mul(60)?,
        [minutes, seconds] => minutes.checked_mul(60)?.checked_add(seconds)?,
        [hours, minutes, seconds] => hours
            .checked_mul(3600)?
            .checked_add(minutes.checked_mul(60)?)?
            .checked_add(seconds)?,
        _ => return None,
    };
    days.checked_mul(86_400)?
        .checked_add(seconds)
        .map(Duration::from_secs)
}

/// A walltime as people read it.
pub fn limit(walltime: Option<Duration>) -> String {
    match walltime.map(|walltime| walltime.as_secs() / 60) {
        None => "no limit".into(),
        Some(minutes) if minutes < 60 => format!("{minutes} min"),
        Some(minutes) if minutes % 60 == 0 => format!("{} h", minutes / 60),
        Some(minutes) => format!("{} h {} min", minutes / 60, minutes % 60),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// As Slurm 22.05.8 prints it, cut.
    const LINE: &str = "PartitionName=gpu AllowGroups=ALL AllowQos=ALL AllocNodes=ALL Default=NO \
        MaxNodes=4 MaxTime=2-00:00:00 MinNodes=0 Nodes=n[1-2] State=UP TotalCPUs=80";

    #[test]
    fn a_line_of_slurm_is_read() {
        let gpu = Partition::parse(LINE).unwrap();
        assert_eq!(gpu.name, "gpu");
        assert_eq!(
            (gpu.walltime.map(|t| t.as_secs()), gpu.nodes, gpu.up),
            (Some(172_800), Some(4), true)
        );
        let free = LINE
            .replace("2-00:00:00", "UNLIMITED")
            .replace("MaxNodes=4", "MaxNodes=UNLIMITED");
        let free = Partition::parse(&free.replace("=UP", "=DOWN")).unwrap();
        assert_eq!((free.walltime, free.nodes, free.up), (None, None, false));
        assert_eq!(Partition::parse("No partitions in the system"), None);
    }

    #[test]
    fn times_are_read_and_hostile_ones_are_no_limit() {
        let seconds = |text| time(text).map(|time| time.as_secs());
        assert_eq!(seconds("30"), Some(1800));
        assert_eq!(seconds("00:30:00"), Some(1800));
        assert_eq!(seconds("7-00:00:00"), Some(604_800));
        assert_eq!(seconds("18446744073709551615-00:00:00"), None);
        assert_eq!(seconds("UNLIMITED"), None);
        assert_eq!(limit(time("1-12:30:00")), "36 h 30 min");
    }
}
