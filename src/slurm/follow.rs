//! Whether a follow-up that has begun sends the next one.

use super::submitted::{Kind, Ledger};

/// What a follow-up does before it trains.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// Send the next one.
    Send,
    /// It was sent before: Slurm started this job again.
    Sent,
    /// Stop: the last two got no trial further, and another would not either.
    Stop,
}

/// Follow-ups in a row that may get nothing done.
const FRUITLESS: usize = 2;

/// Notes that follow-up `id` begins when so much is `done` (trials, and steps of those that are not), and says what it does.
pub fn begin(ledger: &mut Ledger, id: &str, done: usize) -> Step {
    if ledger
        .jobs
        .iter()
        .any(|sent| sent.sent_by.as_deref() == Some(id))
    {
        return Step::Sent;
    }
    if let Some(own) = ledger.jobs.iter_mut().find(|sent| sent.job.id == id) {
        own.done_before.get_or_insert(done);
    }
    let begun = ledger
        .jobs
        .iter()
        .filter(|sent| sent.kind == Kind::FollowUp);
    let counts: Vec<usize> = begun.filter_map(|sent| sent.done_before).collect();
    let last = &counts[counts.len().saturating_sub(FRUITLESS + 1)..];
    match last.len() > FRUITLESS && last.iter().all(|count| *count == done) {
        true => Step::Stop,
        false => Step::Send,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::slurm::client::JobId;
    use crate::slurm::program::Program;

    fn ledger() -> Ledger {
        let file = tempfile::NamedTempFile::new().expect("a file");
        Ledger::new("x", &Program::read(file.path()).expect("read"))
    }

    /// Follow-ups 1, 2, … begin with so many trials done; what each does.
    fn steps(done: &[usize]) -> Vec<Step> {
        let mut ledger = ledger();
        let mut out = Vec::new();
        for (index, count) in done.iter().enumerate() {
            let job = JobId {
                id: (index + 1).to_string(),
                cluster: None,
            };
            let by = (index > 0).then(|| index.to_string());
            ledger.add(job.clone(), Kind::FollowUp, by);
            out.push(begin(&mut ledger, &job.id, *count));
        }
        out
    }

    #[test]
    fn two_fruitless_follow_ups_in_a_row_are_the_last() {
        use Step::{Send, Stop};
        assert_eq!(steps(&[0, 0, 0]), [Send, Send, Stop]);
        assert_eq!(steps(&[0, 0, 1, 1, 1]), [Send, Send, Send, Send, Stop]);
        assert_eq!(steps(&[5, 6, 7, 8]), [Send; 4]);
    }

    #[test]
    fn a_follow_up_that_slurm_started_again_sends_no_second_one() {
        let mut ledger = ledger();
        ledger.add(
            JobId {
                id: "1".into(),
                cluster: None,
            },
            Kind::FollowUp,
            None,
        );
        assert_eq!(begin(&mut ledger, "1", 0), Step::Send);
        ledger.add(
            JobId {
                id: "2".into(),
                cluster: None,
            },
            Kind::FollowUp,
            Some("1".into()),
        );
        assert_eq!(begin(&mut ledger, "1", 0), Step::Sent);
    }
}
