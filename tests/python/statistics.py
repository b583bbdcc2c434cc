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
    return {**found, **interactions(table)}


def interactions(table):
    """By seed, of a linear model with all pairs of factors: half of each coefficient of two levels together."""
    factors = [f"C({name})" for name in table if name.startswith("f")]
    found = {}
    for _, of_seed in table.groupby("seed"):
        fit = smf.ols("y ~ (" + " + ".join(factors) + ")**2", of_seed).fit()
        for name, coefficient in fit.params.items():
            if ":" in name:
                key = name.replace("C(", "").replace(")[T.", "=").replace("]", "")
                found.setdefault(key, []).append(coefficient / 2)
    return {name: summary(values) for name, values in found.items()}


def with_holes(rows):
    """By seed, least squares within blocks: a block is a setting of the other factors, taken where the seed has all of it."""
    table = pd.DataFrame(rows)
    factors = [name for name in table if name.startswith("f")]
    levels = {name: sorted(table[name].unique())[1:] for name in factors}
    sets = [{name: level} for name in factors for level in levels[name]]
    sets += [
        {a: i, b: j} for k, a in enumerate(factors) for b in factors[k + 1 :] for i in levels[a] for j in levels[b]
    ]
    found = {}
    for _, of_seed in table.groupby("seed"):
        for wanted in sets:
            effect = within_blocks(of_seed, wanted, [name for name in factors if name not in wanted])
            if effect is not None:
                found.setdefault(":".join(f"{name}={level}" for name, level in wanted.items()), []).append(effect)
    return {name: summary(values) if len(values) > 1 else {"mean": values[0]} for name, values in found.items()}


def within_blocks(of_seed, wanted, others):
    part = of_seed
    for name, level in wanted.items():
        part = part[part[name].isin([0, level])]
    block = part[others].astype(str).agg("|".join, axis=1) if others else pd.Series("", index=part.index)
    part = part[block.map(block.value_counts()) == 2 ** len(wanted)]
    if part.empty:
        return None
    signs = [np.where(part[name] == level, 1.0, -1.0) for name, level in wanted.items()]
    blocks = pd.get_dummies(block[part.index]).to_numpy(float)
    columns = [np.prod(signs, axis=0)] + (signs if len(signs) > 1 else [])
    fit = np.linalg.lstsq(np.column_stack(columns + [blocks]), part["y"].to_numpy(), rcond=None)
    return 2 * fit[0][0]


cases = json.load(sys.stdin)
json.dump(
    {
        "paired": [{**summary(differences), "p": sign_flip(differences)} for differences in cases["paired"]],
        "holm": [multipletests(p, method="holm")[1].tolist() for p in cases["holm"]],
        "two_level": [two_level(rows) for rows in cases["two_level"]],
        "many_levels": [many_levels(rows) for rows in cases["many_levels"]],
        "with_holes": [with_holes(rows) for rows in cases["with_holes"]],
    },
    sys.stdout,
)
