"""Makes diffusion.json: schedules, targets, weights, the bound and steps back of diffusion, in float64.

Written from the papers, not from src/diffusion:
  Ho et al. 2020 (arXiv 2006.11239): q(x_t|x0), the steps back, the bound. The posterior q(x_{t-1}|x_t, x0) is
    computed here as a product of two Gaussians, by precisions, not by the formula that they print.
  Nichol and Dhariwal 2021 (2102.09672): cosine schedule, learned variance. Gradients of the bound by PyTorch's autograd,
    KL by torch.distributions, probabilities of grey levels by torch.special.log_ndtr.
  Song et al. 2021 (2010.02502): DDIM.        Jabri et al. 2022 (2212.11972): sigmoid schedule.
  Lin et al. 2024 (2305.08891): zero terminal SNR, trailing timesteps.     Hang et al. 2023 (2303.09556): min-SNR weights.
With `--diffusers` the same cases are also compared with diffusers, which counts in float32; done with diffusers 0.42.1.

Made with PyTorch 2.15 and NumPy. Run: python tests/vectors/make_diffusion.py > tests/vectors/diffusion.json
"""

import json
import sys

import numpy as np
import torch

PIXELS = 2
GAMMA = 5.0
ENDS = {"linear": (1e-4, 0.02), "quadratic": (1e-4, 0.02), "scaled_linear": (8.5e-4, 0.012)}


def published_betas(schedule, T):
    if schedule == "linear":
        return np.linspace(*ENDS[schedule], T) * 1000 / T
    if schedule in ENDS:  # rescale: by_timesteps, which changes nothing at T = 1000
        return np.linspace(*np.sqrt(ENDS[schedule]), T) ** 2 * 1000 / T
    u = np.arange(T + 1) / T
    if schedule == "cosine":
        signal = np.cos((u + 0.008) / 1.008 * np.pi / 2) ** 2
    else:
        sigmoid = lambda x: 1 / (1 + np.exp(-x))
        signal = sigmoid(3) - sigmoid(6 * u - 3)
    return np.minimum(1 - signal[1:] / signal[:-1], 0.999)


def zero_terminal_snr(betas):
    roots = np.sqrt(np.cumprod(1 - betas))
    first, last = roots[0], roots[-1]
    signal = ((roots - last) * first / (first - last)) ** 2
    alphas = np.concatenate([signal[:1], signal[1:] / signal[:-1]])
    return 1 - alphas


class Case:
    def __init__(self, schedule, T, terminal):
        self.name, self.T, self.terminal = schedule, T, terminal
        betas = published_betas(schedule, T)
        self.betas = zero_terminal_snr(betas) if terminal == "zero_snr" else betas
        self.signal = np.cumprod(1 - self.betas)

    def before(self, t):
        return self.signal[t - 1] if t > 0 else 1.0

    def posterior(self, t):
        """Variance and coefficients of x0 and x_t in the mean of q(x_{t-1} | x_t, x0)."""
        beta, before = self.betas[t], self.before(t)
        if t == 0:
            return 0.0, 1.0, 0.0
        # x_t = √α x_{t-1} + √β ε as a likelihood of x_{t-1}, times the prior N(√ᾱ_{t-1} x0, 1-ᾱ_{t-1}).
        precision = (1 - beta) / beta + 1 / (1 - before)
        return 1 / precision, np.sqrt(before) / (1 - before) / precision, np.sqrt(1 - beta) / beta / precision

    def variance(self, t):
        return self.posterior(max(t, 1))[0]

    def noised(self, t, x0, noise):
        return np.sqrt(self.signal[t]) * x0 + np.sqrt(1 - self.signal[t]) * noise

    def wanted(self, target, t, x0, noise):
        _, c1, c2 = self.posterior(t)
        return {
            "epsilon": lambda: noise,
            "x0": lambda: x0,
            "v": lambda: np.sqrt(self.signal[t]) * noise - np.sqrt(1 - self.signal[t]) * x0,
            "previous": lambda: c1 * x0 + c2 * self.noised(t, x0, noise),
        }[target]()

    def implied(self, target, t, answer, x):
        """(x0, ε) that solve the two equations x_t = noised(x0, ε) and answer = wanted(x0, ε)."""
        rows = [
            [self.noised(t, 1.0, 0.0), self.noised(t, 0.0, 1.0)],
            [self.wanted(target, t, 1.0, 0.0), self.wanted(target, t, 0.0, 1.0)],
        ]
        return np.linalg.solve(np.array(rows, dtype=np.float64), np.stack([x, answer]))

    def weight(self, target, t):
        """min(SNR, γ) over how much the squared error of x0 grows with the squared error of the target."""
        snr = self.signal[t] / (1 - self.signal[t])
        one = self.implied(target, t, np.ones(1), np.zeros(1))[0][0]
        return min(snr, GAMMA) * one**2

    def ddim(self, t, s, x0, x, eta, z):
        here, there = self.signal[t], 1.0 if s is None else self.signal[s]
        sigma = eta * np.sqrt((1 - there) / (1 - here)) * np.sqrt(1 - here / there)
        noise = (x - np.sqrt(here) * x0) / np.sqrt(1 - here)
        return np.sqrt(there) * x0 + np.sqrt(max(1 - there - sigma**2, 0)) * noise + sigma * z

    def log_variance(self, kind, t, u):
        small, large = np.log(self.variance(t)), np.log(self.betas[t])
        if kind == "learned":
            return (u + 1) / 2 * large + (1 - u) / 2 * small
        return (large if kind == "fixed_large" else small) + 0 * u

    def ddpm(self, kind, t, x0, x, u, z):
        _, c1, c2 = self.posterior(t)
        noise = 0 if t == 0 else np.exp(self.log_variance(kind, t, u) / 2) * z
        return c1 * x0 + c2 * x + noise

    def bound(self, t, x0, estimate, x, u):
        """The term of the bound in nats per dimension, and its derivative by u, with a learned variance."""
        variance, c1, c2 = self.posterior(t)
        x0, estimate, x = (torch.tensor(a, dtype=torch.float64) for a in (x0, estimate, x))
        u = torch.tensor(u, dtype=torch.float64, requires_grad=True)
        deviation = (self.log_variance("learned", t, u) / 2).exp()
        mean = c1 * estimate + c2 * x
        if t > 0:
            true = torch.distributions.Normal(c1 * x0 + c2 * x, torch.full_like(x0, np.sqrt(variance)))
            nats = torch.distributions.kl_divergence(true, torch.distributions.Normal(mean, deviation)).mean()
        else:
            log_cdf = lambda edge: torch.special.log_ndtr((edge - mean) / deviation)
            log_rest = lambda edge: torch.special.log_ndtr((mean - edge) / deviation)
            low, high = x0 - 1 / 255, x0 + 1 / 255
            # From the side where both are small.
            below = log_cdf(high) + torch.log(-torch.expm1(log_cdf(low) - log_cdf(high)))
            above = log_rest(low) + torch.log(-torch.expm1(log_rest(high) - log_rest(low)))
            inside = torch.where(x0 < mean, below, above)
            logs = torch.where(x0 < -0.999, log_cdf(high), torch.where(x0 > 0.999, log_rest(low), inside))
            nats = -logs.mean()
        nats.backward()
        return nats.item(), u.grad.numpy()


def short(x, digits):
    return float(f"{x:.{digits}g}")


def pixels(x):
    return [short(value, 9) for value in x]


def draw(random, low, high):
    """Multiples of 1/64, which f32 and JSON hold exactly."""
    return random.integers(low * 64, high * 64 + 1, PIXELS) / 64


def timestep(case, random, t):
    x0, estimate = draw(random, -1, 1), draw(random, -1, 1)
    if t == 0:  # whole grey levels, the edges among them; f32, as in Rust
        levels = np.array([random.choice([0, 255]), random.integers(256)])
        x0 = (2 * levels / 255 - 1).astype(np.float32).astype(np.float64)
        estimate = np.round((x0 + random.normal(0, 0.05, PIXELS)) * 64) / 64
    noise, x, answer = draw(random, -3, 3), draw(random, -2, 2), draw(random, -2, 2)
    u, z = draw(random, -2, 2), draw(random, -3, 3)
    to = None if t == 0 else int(random.integers(t))
    eta = float(random.choice([0.0, 0.25, 1.0]))
    clip = str(random.choice(["clip", "free"]))
    kind = str(random.choice(["fixed_small", "fixed_large", "learned"]))
    _, c1, c2 = case.posterior(t)
    signal = case.signal[t]
    out = {
        "t": t, "to": to, "eta": eta, "clip": clip, "variance": kind,
        "x0": pixels(x0), "noise": pixels(noise), "x": pixels(x), "answer": pixels(answer),
        "estimate": pixels(estimate), "u": pixels(u), "z": pixels(z),
        "table": [short(n, 12) for n in (case.betas[t], signal, case.before(t), case.variance(t), c1, c2, signal / (1 - signal))],
        "noised": pixels(case.noised(t, x0, noise)),
        "targets": {},
    }
    nats, slopes = case.bound(t, x0, estimate, x, u)
    out["nats"], out["slopes"] = short(nats, 11), pixels(slopes)
    for target in ("epsilon", "x0", "v", "previous"):
        if target == "epsilon" and signal == 0:
            continue
        clean, implied = case.implied(target, t, answer, x)
        held = np.clip(clean, -1, 1) if clip == "clip" else clean
        out["targets"][target] = {
            "wanted": pixels(case.wanted(target, t, x0, noise)),
            "clean": pixels(clean),
            "implied_noise": pixels(implied),
            "weight": short(case.weight(target, t), 11),
            "ddim": pixels(case.ddim(t, to, held, x, eta, z)),
            "ddpm": pixels(case.ddpm(kind, t, held, x, u, z)),
        }
    return out


def cases():
    for T in (100, 1000):
        for schedule in ("linear", "quadratic", "scaled_linear", "cosine", "sigmoid"):
            for terminal in ("published", "zero_snr"):
                yield Case(schedule, T, terminal)


def make():
    random = np.random.default_rng(2021)
    out = []
    for case in cases():
        steps = [len(out) % 2, int(random.integers(2, case.T - 1)), case.T - 1]
        out.append({
            "schedule": case.name, "timesteps": case.T, "terminal": case.terminal,
            "steps": [timestep(case, random, t) for t in steps],
        })
    return {"made_by": f"NumPy {np.__version__}, PyTorch {torch.__version__}", "gamma": GAMMA, "cases": out}


def compare_with_diffusers(made):
    """Every case that diffusers can express; its tables are float32, so agreement is to 1e-3."""
    from diffusers import DDIMScheduler, DDPMScheduler
    from diffusers.schedulers.scheduling_ddim import betas_for_alpha_bar, rescale_zero_terminal_snr
    from diffusers.training_utils import compute_snr

    compared, worst = 0, 0.0

    def same(found, right, scale=1.0):
        nonlocal compared, worst
        found, right = np.asarray(found, dtype=np.float64), np.asarray(right, dtype=np.float64)
        off = float(np.max(np.abs(found - right) / (np.abs(right) + scale)))
        assert off < 1e-3, (off, found, right)
        compared, worst = compared + found.size, max(worst, off)

    tensor = lambda list: torch.tensor([list], dtype=torch.float64)
    predictions = {"epsilon": "epsilon", "x0": "sample", "v": "v_prediction"}
    for written, case in zip(made["cases"], cases()):
        T, betas = case.T, case.betas
        if case.name == "cosine" and case.terminal == "published":
            same(betas, betas_for_alpha_bar(T).numpy(), 0)
        if case.terminal == "zero_snr":
            published = torch.tensor(published_betas(case.name, T))
            same(betas, rescale_zero_terminal_snr(published).numpy(), 0)
        if T == 1000 and case.name in ("linear", "scaled_linear") and case.terminal == "published":
            start, end = ENDS[case.name]
            same(betas, DDPMScheduler(T, start, end, case.name).betas.numpy(), 0)
        for step in written["steps"]:
            t, to = step["t"], step["to"]
            x0, noise, x, answer, z = (tensor(step[k]) for k in ("x0", "noise", "x", "answer", "z"))
            for target, prediction in predictions.items():
                if target not in step["targets"] or case.signal[t] < 1e-4 and target == "epsilon":
                    continue  # float32 tables lose the signal there
                right = step["targets"][target]
                shared = dict(
                    num_train_timesteps=T, trained_betas=betas.astype(np.float32), prediction_type=prediction,
                    clip_sample=step["clip"] == "clip",
                )
                kind = "learned_range" if step["variance"] == "learned" else step["variance"]
                ddpm = DDPMScheduler(variance_type=kind, **shared)
                same(ddpm.add_noise(x0, noise, torch.tensor([t])), step["noised"])
                if target == "v":
                    same(ddpm.get_velocity(x0, noise, torch.tensor([t])), right["wanted"])
                snr = compute_snr(ddpm, torch.tensor([t])).item()
                if case.signal[t] > 1e-6:
                    same(snr, step["table"][6], 0)
                mean_scale = 1 + max(np.abs(right["clean"]))
                ddpm.set_timesteps(T)
                output = torch.cat([answer, tensor(step["u"])], 1) if kind == "learned_range" else answer
                found = ddpm.step(output, t, x, generator=torch.Generator().manual_seed(1)).prev_sample
                drawn = torch.randn(x.shape, generator=torch.Generator().manual_seed(1), dtype=x.dtype)
                # It draws its noise itself: take that off, and ours as well.
                spread = np.exp(case.log_variance(step["variance"], t, np.array(step["u"])) / 2) * (t > 0)
                spread = tensor(spread.tolist())
                same(found - spread * drawn, tensor(right["ddpm"]) - spread * z, mean_scale)
                ddim = DDIMScheduler(set_alpha_to_one=True, timestep_spacing="leading", **shared)
                ddim.set_timesteps(T)
                if case.signal[t] == 0 and step["eta"] == 1:
                    continue  # 1 - ᾱ - σ² is 0 there, and below it in float32
                # It steps down by T // inference steps: make that the hop.
                ddim.num_inference_steps = 1
                ddim.register_to_config(num_train_timesteps=t + 1 if to is None else t - to)
                found = ddim.step(answer, t, x, eta=step["eta"], use_clipped_model_output=True, variance_noise=z)
                same(found.prev_sample, right["ddim"], mean_scale)
    # Not 48 of 1000: diffusers adds up T/S and so misses halves by a rounding, at which it then rounds the other way.
    for T, S in ((1000, 50), (1000, 64), (1000, 16), (100, 7), (100, 100)):
        for stride in ("leading", "trailing"):
            scheduler = DDIMScheduler(T, timestep_spacing=stride)
            scheduler.set_timesteps(S)
            mine = T // S * np.arange(S)[::-1] if stride == "leading" else np.round(T - np.arange(S) * T / S).astype(int) - 1
            assert scheduler.timesteps.tolist() == mine.tolist(), (T, S, stride)
    print(f"{compared} numbers compared with diffusers, worst {worst:.1e}", file=sys.stderr)


if __name__ == "__main__":
    made = make()
    if "--diffusers" in sys.argv:
        compare_with_diffusers(made)
    else:
        print(json.dumps(made, separators=(",", ":"), allow_nan=False))
