"""Current-voltage curves of four solar modules in series, some of them shaded.

Single-diode model of W. De Soto, S. Klein, W. Beckman (Solar Energy 80, 2006), computed by pvlib;
each module has a bypass diode.
"""

from functools import lru_cache
from typing import Any

import numpy as np

from pkan_control.common.arrays import Floats

MODULES = 4
# Data sheet of a module at 1000 W/m2 and 25 degC, in V, A and per K; the temperature coefficients
# are typical of silicon (+0.05 %/K and -0.32 %/K).
DATA_SHEET = {
    'v_mp': 30.7,
    'i_mp': 8.15,
    'v_oc': 37.3,
    'i_sc': 8.66,
    'alpha_sc': 0.00433,
    'beta_voc': -0.119,
    'cells_in_series': 60,
}
BYPASS_V = -0.6
HIGHEST_V, VOLTAGES, CURRENTS = 200.0, 401, 150
VOLTAGE_GRID = np.linspace(0, HIGHEST_V, VOLTAGES)


@lru_cache(maxsize=1)
def module() -> dict[str, Any]:
    """Return the parameters of the module, fitted to its data sheet."""
    from pvlib.ivtools.sdm import fit_desoto

    # Levenberg-Marquardt converges where the default method does not.
    fitted: dict[str, Any] = fit_desoto(**DATA_SHEET, root_kwargs={'method': 'lm'})[0]
    names = ('alpha_sc', 'a_ref', 'I_L_ref', 'I_o_ref', 'R_sh_ref', 'R_s')
    return {name: float(fitted[name]) for name in names}


def curves(irradiance: Floats, temperature: Floats) -> Floats:
    """Return currents `[n, 401]` in A at the voltages of the grid, 0 to 200 V.

    irradiance `[n, 4]` in W/m2 of each module, temperature `[n]` in degC of all cells. Reverse
    currents are blocked by the inverter. Results are cached: networks that are compared meet the
    same curves.
    """
    return _curves(irradiance.tobytes(), temperature.tobytes())


@lru_cache(maxsize=2048)
def _curves(light: bytes, warmth: bytes) -> Floats:
    """Return the currents for irradiance and temperature as bytes."""
    from pvlib.pvsystem import calcparams_desoto, v_from_i

    irradiance = np.frombuffer(light).reshape(-1, MODULES)
    temperature = np.frombuffer(warmth)
    warm = np.broadcast_to(temperature[:, None], irradiance.shape)
    parameters = np.broadcast_arrays(*calcparams_desoto(irradiance, warm, **module()))
    currents = parameters[0].max(axis=1)[:, None] * np.linspace(0, 1.05, CURRENTS)
    with np.errstate(all='ignore'):
        volts = v_from_i(currents[:, None, :], *(each[..., None] for each in parameters))
    bypassed = np.where(np.isfinite(volts), np.maximum(volts, BYPASS_V), BYPASS_V)
    string = bypassed.sum(axis=1)
    rows = zip(string, currents, strict=True)
    found = [np.interp(VOLTAGE_GRID, v[::-1], i[::-1], right=0.0) for v, i in rows]
    table: Floats = np.maximum(np.stack(found), 0.0)
    return table


def currents_at(table: Floats, voltage: Floats) -> Floats:
    """Return the currents `[n]` of curves `[n, 401]` at voltages `[n]`, interpolated linearly."""
    place = np.clip(voltage, 0, HIGHEST_V) * ((VOLTAGES - 1) / HIGHEST_V)
    low = np.minimum(place.astype(int), VOLTAGES - 2)
    rows = np.arange(len(table))
    left, right = table[rows, low], table[rows, low + 1]
    between: Floats = left + (right - left) * (place - low)
    return between


def best_points(table: Floats) -> tuple[Floats, Floats]:
    """Return voltages `[n]` in V and powers `[n]` in W of the maximum power points."""
    power = table * VOLTAGE_GRID
    best = power.argmax(axis=1)
    return VOLTAGE_GRID[best], power[np.arange(len(table)), best]
