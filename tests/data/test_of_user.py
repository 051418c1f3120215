"""A user's own data: what fits is read, what does not is refused in one line that names file, line and column."""

import numpy as np
import pytest
from PIL import Image

from gradus.catalogue import concept
from gradus.data import load
from gradus.data.kinds import load_any
from gradus.errors import GradusError
from gradus.running import run_system
from gradus.systems.vision.lenet import SETTINGS, like


def images(folder, size=8, per_class=6, mode="L", classes=("ant", "bee")):
    for k, name in enumerate(classes):
        (folder / name).mkdir(parents=True)
        for i in range(per_class):
            pixels = np.full((size, size), 60 * k + i, np.uint8)
            Image.fromarray(pixels).convert(mode).save(folder / name / f"{i}.png")
    return folder


@pytest.mark.parametrize(("mode", "channels"), [("L", 1), ("RGB", 3), ("RGBA", 3), ("1", 1)])
def test_a_folder_of_images(tmp_path, mode, channels):
    data = load_any(f"{images(tmp_path / 'insects', mode=mode)}")
    assert data.classes == ("ant", "bee") and data.task == "classification"
    assert data.train_inputs.shape == (10, channels, 8, 8) and data.test_inputs.shape == (2, channels, 8, 8)
    assert (
        data.train_inputs.dtype == np.float32 and 0 <= data.train_inputs.min() <= data.train_inputs.max() <= 1
    )
    assert sorted(data.test_targets) == [0, 1]
    if mode == "L":
        values = {
            (int(y), round(float(x.max()) * 255))
            for x, y in zip(data.train_inputs, data.train_targets, strict=True)
        }
        assert values < {(k, 60 * k + i) for k in range(2) for i in range(6)}


def test_folders_for_training_and_testing(tmp_path):
    images(tmp_path / "train"), images(tmp_path / "test", per_class=3)
    data = load_any(str(tmp_path))
    assert (len(data.train_inputs), len(data.test_inputs)) == (12, 6)


@pytest.mark.parametrize(
    ("text", "features", "classes"),
    [
        ("a,b,kind\n" + "1,2,x\n3,4,y\n" * 5, ("a", "b"), ("x", "y")),
        ("label;b;c\n" + "10;2;3\n9;5;6\n" * 5, ("b", "c"), ("9", "10")),
        ("\ufeff1\t2\t0\r\n" + "3\t4\t1\r\n1\t2\t0\r\n" * 5 + "\r\n", ("column 1", "column 2"), ("0", "1")),
    ],
)
def test_a_table(tmp_path, text, features, classes):
    (tmp_path / "t.csv").write_bytes(text.encode())
    data = load_any(str(tmp_path / "t.csv"))
    assert data.features == features and data.classes == classes
    assert data.train_inputs.shape[1] == 2 and len(data.train_inputs) + len(data.test_inputs) >= 10


WRONG = {
    "": "no rows", "a,b\n": "classes", "1,2\n3\n": "line 2", "1\n2\n": "two columns", "1,x\n2,\n": "line 2",
    "a,b\n1,x\n?,y\n": "line 3, a", "1,2,x\n1,nan,y\n" * 5: "finite", "1,2,x\n1,1e999,y\n" * 5: "finite", '"1,2\n3': "no CSV",
    "1,x\n2,y\n": "at least 5", "1,x\n" * 20: "two classes", "\0,1\n": "CSV", "\udc80,1\n": "UTF-8",
}  # fmt: skip


@pytest.mark.parametrize("text", WRONG)
def test_a_table_that_is_refused(tmp_path, text):
    (tmp_path / "t.csv").write_bytes(text.encode("utf-8", "surrogateescape"))
    with pytest.raises(GradusError, match=WRONG[text]) as caught:
        load_any(str(tmp_path / "t.csv"))
    assert caught.value.text.zh != caught.value.text.en and "\n" not in str(caught.value)


def test_folders_that_are_refused(tmp_path):
    (tmp_path / "empty").mkdir()
    for name, reason in {"empty": "got none", "absent": "no file or folder", "few": "at least 5", "sizes": "one size", "torn": "no whole image", "text": "no whole image", "one": "two classes"}.items():  # fmt: skip
        folder = tmp_path / name
        if name not in ("empty", "absent"):
            images(
                folder, per_class=3 if name == "few" else 6, classes=("a",) if name == "one" else ("a", "b")
            )
        if name == "sizes":
            Image.new("L", (9, 8)).save(folder / "b" / "z.png")
        if name == "torn":
            whole = (folder / "b" / "0.png").read_bytes()
            (folder / "b" / "0.png").write_bytes(whole[: len(whole) // 2])
        if name == "text":
            (folder / "b" / "0.png").write_text("no image")
        with pytest.raises(GradusError, match=reason) as caught:
            load_any(str(folder) + "/")
        assert caught.value.text.zh != caught.value.text.en


def run(key, data, tmp_path, **options):
    return run_system(
        concept(key),
        data=data,
        seeds=[0],
        directory=tmp_path / "run",
        verify=False,
        progress="silent",
        **options,
    )


def test_a_run_on_own_data_has_no_target_and_says_so(tmp_path):
    iris = load("iris")
    lines = [
        ",".join([*map(str, x), iris.classes[y]])
        for x, y in zip(iris.train_inputs, iris.train_targets, strict=True)
    ]
    (tmp_path / "flowers.csv").write_text("\n".join(lines))
    told = []
    outcome = run("logistic-regression", str(tmp_path / "flowers.csv"), tmp_path, say=told.append)
    assert outcome.summary.target is None and outcome.holds and outcome.summary.mean > 0.9
    assert any("no target for these data" in text.en and "没有目标值" in text.zh for text in told)
    assert "There is no target for these data" in outcome.report.read_text(encoding="utf-8")
    with pytest.raises(GradusError, match="holds a run already"):
        run("logistic-regression", str(tmp_path / "flowers.csv"), tmp_path)
    again = run("logistic-regression", None, tmp_path, resume=True)
    assert again.summary.scores == outcome.summary.scores


def test_lenet_takes_images_of_the_user(tmp_path):
    outcome = run("lenet", str(images(tmp_path / "insects", size=28)), tmp_path, epochs=1)
    assert outcome.summary.target is None and outcome.summary.data.title.en == "insects"


@pytest.mark.slow
def test_lenet_learns_small_images_with_the_settings_of_the_digits(tmp_path):
    digits = load("digits")
    folder = tmp_path / "mnist"  # a name that says nothing of the size
    for i, (image, k) in enumerate(zip(digits.train_inputs[:1200], digits.train_targets[:1200], strict=True)):
        (folder / f"{k}").mkdir(parents=True, exist_ok=True)
        Image.fromarray(np.uint8(255 * image[0])).save(folder / f"{k}" / f"{i}.png")
    outcome = run("lenet", str(folder), tmp_path, epochs=8)
    assert outcome.summary.mean >= 0.9
    assert outcome.summary.settings["batch_size"] == SETTINGS["digits"]["batch_size"]


def test_small_images_take_the_settings_of_the_digits_whatever_their_folder_is_called(tmp_path):
    outcome = run("lenet", str(images(tmp_path / "mnist")), tmp_path, epochs=1)
    assert outcome.summary.settings["batch_size"] == SETTINGS["digits"]["batch_size"]


@pytest.mark.parametrize("name", ["digits", "insects"])
def test_large_images_take_the_settings_of_mnist_whatever_their_folder_is_called(tmp_path, name):
    outcome = run("lenet", str(images(tmp_path / name, size=28)), tmp_path, epochs=1)
    assert outcome.summary.settings["batch_size"] == SETTINGS["mnist"]["batch_size"]


def test_the_settings_of_its_own_data_sets_are_theirs():
    assert [like(load(name).shape) for name in ("digits",)] == ["digits"]
    assert [like(shape) for shape in ((1, 28, 28), (3, 32, 32), (1, 8, 8), (3, 8, 8))] == [
        "mnist",
        "mnist",
        "digits",
        "digits",
    ]


def table(path, value, names=("a", "b")):
    rows = [f"{i % 3 + value},{i % 5},{names[i % 2]}" for i in range(40)]
    path.write_text("\n".join(rows))
    return str(path)


@pytest.mark.parametrize(
    "change",
    [
        lambda path: table(path, 0.5),
        lambda path: table(path, 0, names=("b", "a")),
        lambda path: table(path, 0, names=("a", "c")),
        lambda path: path.write_text("u,v,kind\n" + path.read_text()),
        lambda path: path.write_text("".join(path.read_text().splitlines(True)[:-2])),
    ],
)  # fmt: skip
def test_a_run_is_not_resumed_on_a_table_that_has_changed(tmp_path, change):
    path = tmp_path / "t.csv"
    before = run("logistic-regression", table(path, 0), tmp_path).summary.scores
    assert run("logistic-regression", None, tmp_path, resume=True).summary.scores == before
    path.touch()
    assert run("logistic-regression", str(path), tmp_path, resume=True).summary.scores == before, (
        "not its time"
    )
    change(path)
    with pytest.raises(GradusError, match=r"other contents of .*t\.csv than it has now") as caught:
        run("logistic-regression", None, tmp_path, resume=True)
    assert "内容与现在不同" in caught.value.text.zh
    assert run("logistic-regression", str(path), tmp_path, fresh=True).summary.scores


def test_a_run_is_not_resumed_on_images_that_have_changed(tmp_path):
    folder = images(tmp_path / "insects")
    run("lenet", str(folder), tmp_path, epochs=1)
    Image.new("L", (8, 8), 200).save(folder / "ant" / "0.png")
    with pytest.raises(GradusError, match=r"other contents of .*insects than it has now"):
        run("lenet", None, tmp_path, resume=True)
    with pytest.raises(GradusError, match=r"data '.*insects', not 'digits'") as caught:
        run("lenet", "digits", tmp_path, resume=True)
    assert "contents" not in str(caught.value)


@pytest.mark.parametrize(
    ("key", "data", "reason"),
    [
        ("lenet", "iris", "images with classes"), ("lenet", "alice", "not on alice"), ("lenet", "diabetes", "numbers to predict"),
        ("linear-regression", "digits", "tables"), ("linear-regression", "linnerud", "one number"), ("pca", "cifar-10", "grey"),
        ("hopfield", "wine", "images"), ("clustering", "diabetes", "classes"), ("logistic-regression", "rt-polarity", "not on"),
        ("lenet", "fashion-mnist", "data get fashion-mnist"), ("naive-bayes", "minst", "mnist"),
    ],
)  # fmt: skip
def test_a_known_set_is_taken_where_it_fits(key, data, reason, tmp_path):
    with pytest.raises(GradusError, match=reason):
        run(key, data, tmp_path, data_dir=tmp_path / "nothing")
