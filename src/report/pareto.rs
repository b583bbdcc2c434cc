//! What an arm costs beside what it reaches, and the arms that no other beats in both.

use super::chart::short;
use super::compare::{Arm, Comparisons, first_known, mean_wall};
use super::rows::Better;
use super::shown::Shown;
use serde::Serialize;

/// The arms beside one cost.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Pareto {
    /// `parameters`.
    pub cost: &'static str,
    /// One a shown arm that has cost and metric.
    pub points: Vec<Point>,
}

/// One arm.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Point {
    /// Position among all arms.
    pub arm: usize,
    /// The cost.
    pub x: f64,
    /// The mean of the metric.
    pub y: f64,
    /// Ends of its interval, where there is one.
    pub ends: Option<[f64; 2]>,
    /// Whether no other arm is better at no more cost, or as good at less.
    pub front: bool,
}

/// The charts for parameters, multiply-accumulates and time; only those in which arms differ.
pub fn of(comparisons: &Comparisons, better: Better, shown: &Shown) -> Vec<Pareto> {
    type Cost = fn(&Arm) -> Option<f64>;
    let costs: [(&str, Cost); 3] = [
        ("parameters", |arm| first_known(arm, |row| row.params)),
        ("MACs of one forward pass", |arm| {
            first_known(arm, |row| row.macs)
        }),
        ("seconds a trial", mean_wall),
    ];
    let charts = costs.into_iter().map(|(name, cost)| {
        let arms = comparisons.arms.iter().enumerate();
        let point = |(index, arm): (usize, &Arm)| {
            Some(Point {
                arm: index,
                x: cost(arm)?,
                y: arm.summary.mean?,
                ends: arm.summary.interval.map(|ends| [ends.low, ends.high]),
                front: false,
            })
        };
        let mut points: Vec<Point> = arms.filter_map(point).collect();
        mark_front(&mut points, better);
        // The front is found among all arms, so that what is shown of it is true.
        points.retain(|point| shown.in_tables.contains(comparisons.arms[point.arm].axes));
        for point in &mut points {
            point.y = short(point.y);
            point.ends = point.ends.map(|ends| ends.map(short));
        }
        Pareto { cost: name, points }
    });
    let differ = |chart: &Pareto| {
        chart
            .points
            .iter()
            .any(|point| point.x != chart.points[0].x)
    };
    charts.filter(differ).collect()
}

/// By rising cost, an arm is on the front when it is better than all that cost less and than none of its own cost; equals stay equal.
fn mark_front(points: &mut [Point], better: Better) {
    let merit = |point: &Point| match better {
        Better::Lower => point.y,
        Better::Higher => -point.y,
    };
    let mut order: Vec<usize> = (0..points.len()).collect();
    order.sort_by(|&a, &b| {
        let (a, b) = (&points[a], &points[b]);
        a.x.total_cmp(&b.x).then(merit(a).total_cmp(&merit(b)))
    });
    let (mut best, mut at_cost) = (f64::INFINITY, f64::NEG_INFINITY);
    for at in order {
        let (cost, merit) = (points[at].x, merit(&points[at]));
        points[at].front = merit < best || (merit == best && cost == at_cost);
        if merit < best {
            (best, at_cost) = (merit, cost);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn front(points: &[(f64, f64)], better: Better) -> Vec<usize> {
        let point = |&(x, y): &(f64, f64)| Point {
            arm: 0,
            x,
            y,
            ends: None,
            front: false,
        };
        let mut points: Vec<Point> = points.iter().map(point).collect();
        mark_front(&mut points, better);
        (0..points.len()).filter(|at| points[*at].front).collect()
    }

    /// By hand: (2, 5) costs more than (1, 4) and is worse; of two that cost 3 the lower is on the front.
    #[test]
    fn arms_that_another_beats_in_both_are_not_on_the_front() {
        let points = [(3.0, 3.0), (1.0, 4.0), (2.0, 5.0), (3.0, 2.0), (4.0, 2.0)];
        assert_eq!(front(&points, Better::Lower), [1, 3]);
        assert_eq!(front(&points, Better::Higher), [1, 2]);
        let twins = [(1.0, 4.0), (1.0, 4.0), (2.0, 4.0)];
        assert_eq!(front(&twins, Better::Lower), [0, 1]);
    }
}
