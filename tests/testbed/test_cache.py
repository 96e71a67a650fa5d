"""The build cache: the same recipe is built once, a changed one again, a cut-off one is never taken for a result."""

from __future__ import annotations

from pathlib import Path

import pytest

from testbed import build, cache, images


@pytest.fixture(autouse=True)
def cache_in(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Keep the cache of the machine out of the tests."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return tmp_path / "cache" / "greenfield-harness"


def write(folder: Path) -> None:
    (folder / "result").write_text("done", encoding="utf-8")


def refuse(folder: Path) -> None:
    raise AssertionError(f"must not build {folder} again")


def test_a_result_is_built_once(cache_in: Path) -> None:
    first = cache.ensure("part", "k1", write)
    assert first == cache_in / "part" / "k1"
    assert cache.ensure("part", "k1", refuse) == first


def test_a_new_recipe_replaces_the_old_result(cache_in: Path) -> None:
    cache.ensure("part", "k1", write)
    cache.ensure("other", "k1", write)
    cache.ensure("part", "k2", write)
    assert sorted(path.name for path in cache_in.rglob("k*")) == ["k1", "k2"]
    assert (cache_in / "other" / "k1" / "result").exists()


def test_a_failed_build_leaves_nothing(cache_in: Path) -> None:
    def half(folder: Path) -> None:
        write(folder)
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        cache.ensure("part", "k1", half)
    assert list((cache_in / "part").iterdir()) == []
    cache.ensure("part", "k1", write)


def test_what_a_killed_build_left_is_no_result(cache_in: Path) -> None:
    (cache_in / "part" / ".unfinished-k1").mkdir(parents=True)
    (cache_in / "part" / ".unfinished-k1" / "result").write_text("half", encoding="utf-8")
    assert (cache.ensure("part", "k1", write) / "result").read_text(encoding="utf-8") == "done"
    assert [path.name for path in (cache_in / "part").iterdir()] == ["k1"]


def test_the_key_knows_names_contents_rights_and_words(tmp_path: Path) -> None:
    file = tmp_path / "recipe"
    file.write_text("a", encoding="utf-8")
    keys = [cache.key(files=[file]), cache.key(files=[file], words=["w"]), cache.key(words=["w"]), cache.key()]
    file.chmod(0o755)
    keys.append(cache.key(files=[file]))
    file.write_text("b", encoding="utf-8")
    keys.append(cache.key(files=[file]))
    keys.append(cache.key(files=[file.rename(tmp_path / "other")]))
    keys += [cache.key(words=["ab", "c"]), cache.key(words=["a", "bc"])]
    assert len(set(keys)) == len(keys)


def test_the_same_recipe_has_the_same_key_wherever_it_lies(tmp_path: Path) -> None:
    for name in ("x", "y"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "recipe").write_text("a", encoding="utf-8")
    assert cache.key(files=[tmp_path / "x" / "recipe"]) == cache.key(files=[tmp_path / "y" / "recipe"])


def test_an_empty_cache_misses_every_part() -> None:
    assert build.missing_parts() == ("kube", "coredns", "image-store")


def test_every_module_is_pinned_and_has_its_sums() -> None:
    for module in ("kube", "coredns"):
        assert (build.GO_DIR / module / "go.sum").stat().st_size > 1000
    kube = (build.GO_DIR / "kube" / "go.mod").read_text(encoding="utf-8")
    assert f"k8s.io/kubernetes v{build.KUBERNETES_VERSION}" in kube
    assert f"go.etcd.io/etcd/server/v3 v{build.ETCD_VERSION}" in kube
    coredns = (build.GO_DIR / "coredns" / "go.mod").read_text(encoding="utf-8")
    assert f"github.com/coredns/coredns v{build.COREDNS_VERSION}" in coredns


def test_the_version_is_stamped_into_the_programs() -> None:
    flags = build.linker_flags()
    assert f"component-base/version.gitVersion=v{build.KUBERNETES_VERSION}" in flags
    assert "gitMinor=34" in flags


def test_programs_get_their_names_and_survive_the_cache(tmp_path: Path) -> None:
    for name in ("kube", "coredns"):
        (tmp_path / name).write_text(name, encoding="utf-8")
    artifacts = build.Artifacts(kube=tmp_path / "kube", coredns=tmp_path / "coredns", image_store=tmp_path)
    build.install_programs(artifacts, tmp_path / "bin")
    (tmp_path / "kube").unlink()
    assert {path.name for path in (tmp_path / "bin").iterdir()} == {*build.KUBE_PROGRAMS, "coredns"}
    assert (tmp_path / "bin" / "kubelet").read_text(encoding="utf-8") == "kube"


def test_the_store_depends_on_each_image() -> None:
    assert images.store_key(pause_key="a") != images.store_key(pause_key="b")
