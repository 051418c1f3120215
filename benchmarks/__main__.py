"""Runs every benchmark in turn; `--quick` shortens those that train."""

from benchmarks import autodiff, regression, startup, verification


def main() -> None:
    startup.main()
    verification.main()
    regression.main()
    autodiff.main()
    from benchmarks import training

    training.main()


if __name__ == "__main__":
    main()
