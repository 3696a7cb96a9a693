"""The part of the build that pyproject.toml cannot express: packaging benchmarks/suites."""

from pathlib import Path

from setuptools import setup
from setuptools.command.build_py import build_py

SUITES = Path("benchmarks", "suites")


class BuildWithSuites(build_py):
    """Copies ``benchmarks/suites`` to ``robustbert/suites``, except in an editable installation."""

    def run(self) -> None:
        super().run()
        if self.editable_mode:
            return  # an editable installation reads benchmarks/suites itself
        target = Path(self.build_lib, "robustbert", "suites")
        target.mkdir(parents=True, exist_ok=True)
        for path in sorted(SUITES.glob("*.toml")):
            self.copy_file(str(path), str(target / path.name))


setup(cmdclass={"build_py": BuildWithSuites})
