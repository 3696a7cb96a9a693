"""What pyproject.toml cannot say: the suites lie outside the package and belong into it."""

from pathlib import Path

from setuptools import setup
from setuptools.command.build_py import build_py

SUITES = Path("benchmarks", "suites")


class BuildWithSuites(build_py):
    """Copies ``benchmarks/suites`` to ``robustbert/suites``, but for an editable installation."""

    def run(self) -> None:
        super().run()
        if self.editable_mode:
            return  # the checkout's own folder is read
        target = Path(self.build_lib, "robustbert", "suites")
        target.mkdir(parents=True, exist_ok=True)
        for path in sorted(SUITES.glob("*.toml")):
            self.copy_file(str(path), str(target / path.name))


setup(cmdclass={"build_py": BuildWithSuites})
