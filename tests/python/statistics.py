"""The statistics of the report by SciPy, statsmodels and pandas: reads cases as JSON, writes what they find as JSON."""

import json
import sys

import numpy as np
import pandas as pd
import statsmodels.formula.api as smf
from scipy import stats
from statsmodels.stats.multitest import multipletests


def sign_flip(differences):
    return stats.permutation_test((differences,), np.mean, permutation_type="samples", n_resamples=np.inf).pvalue


def summary(differences):
    d = np.array(differences)
    test = stats.ttest_1samp(d, 0.0)
    ends = test.confidence_interval(0.95)
    return {
        "mean": d.mean(),
        "sd": d.std(ddof=1),
        "low": ends.low,
        "high": ends.high,
        "t": test.statistic,
        "p_t": test.pvalue,
        "d_z": d.mean() / d.std(ddof=1),
    }


def two_level(rows):
    """Effects of a 2^k design by seed: twice the coefficients of a linear model with factors coded as -1 and +1."""
    table = pd.DataFrame(rows)
    factors = [name for name in table if name.startswith("f")]
    found = {}
    for _, of_seed in table.groupby("seed"):
        coded = of_seed.assign(**{name: 2 * of_seed[name] - 1 for name in factors})
        fit = smf.ols("y ~ (" + " + ".join(factors) + ")**2", coded).fit()
        for name, coefficient in fit.params.items():
            if name != "Intercept":
                found.setdefault(name, []).append(2 * coefficient)
    return {name: summary(values) for name, values in found.items()}


def many_levels(rows):
    """Marginal means by seed: each level of a balanced grid against the first."""
    table = pd.DataFrame(rows)
    found = {}
    for name in [name for name in table if name.startswith("f")]:
        means = table.groupby(["seed", name])["y"].mean().unstack()
        for level in means.columns[1:]:
            found[f"{name}={level}"] = summary(means[level] - means[means.columns[0]])
    return found


cases = json.load(sys.stdin)
json.dump(
    {
        "paired": [{**summary(differences), "p": sign_flip(differences)} for differences in cases["paired"]],
        "holm": [multipletests(p, method="holm")[1].tolist() for p in cases["holm"]],
        "two_level": [two_level(rows) for rows in cases["two_level"]],
        "many_levels": [many_levels(rows) for rows in cases["many_levels"]],
    },
    sys.stdout,
)
