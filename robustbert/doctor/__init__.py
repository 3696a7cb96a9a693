"""Diagnose the installation and this machine, for troubleshooting and bug reports."""

from robustbert.doctor.diagnosis import Diagnosis, diagnose

__all__ = ["Diagnosis", "diagnose"]
