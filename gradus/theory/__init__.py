"""What theory measures of a network: curvature, tangent kernels, signals, bounds, of any module on any data."""

from typing import TYPE_CHECKING

from gradus.lazy import export

if TYPE_CHECKING:
    from gradus.theory.calibration import Calibration, calibration, fit_temperature, measure_calibration

__all__ = ["Calibration", "calibration", "fit_temperature", "measure_calibration"]

export(
    __name__,
    {"calibration": ["Calibration", "calibration", "fit_temperature", "measure_calibration"]},
)
