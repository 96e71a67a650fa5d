"""What agents are told to run is whole bash; what it does was seen live, that it parses is seen here."""

from __future__ import annotations

import subprocess

import pytest

from chaos import agent, disk, identity, naming, network, pause, readonly, resource, rules, shaping, storage

SCRIPTS = {
    f"{module.__name__}.{name}": text
    for module in (agent, disk, identity, naming, network, pause, readonly, resource, rules, shaping, storage)
    for name, text in vars(module).items()
    if name.isupper() and isinstance(text, str) and "\n" in text
}


@pytest.mark.parametrize("script", SCRIPTS.values(), ids=list(SCRIPTS))
def test_a_script_parses(script: str) -> None:
    done = subprocess.run(["bash", "-n", "-c", agent.PREAMBLE + script], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")


def test_scripts_are_found_and_a_broken_one_would_be_seen() -> None:
    assert {"chaos.rules.ADD_RULES", "chaos.disk.FILL", "chaos.resource.SQUEEZE_MEMORY"} <= set(SCRIPTS)
    broken = subprocess.run(["bash", "-n", "-c", "for one in 1 2; do"], capture_output=True, check=False)
    assert broken.returncode != 0


def test_a_process_is_found_by_an_id_in_its_cgroup_and_only_the_first_of_a_container(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    proc = tmp_path_factory.mktemp("proc")
    uid = "72124e22-39b6-4307"
    processes = {"70": ("pod72124e22_39b6_4307", "70 9"), "71": (f"pod{uid}", "71 1"), "72": ("podother", "72 1")}
    for pid, (cgroup, numbers) in processes.items():
        (proc / pid).mkdir()
        (proc / pid / "cgroup").write_text(f"4:cpu:/kubepods/{cgroup}/c\n0::/\n")
        (proc / pid / "status").write_text(f"Name:\tjava\nNSpid:\t{numbers.replace(' ', chr(9))}\n")
    script = (agent.PREAMBLE + 'echo $(pids "$1") / $(one "$1")').replace("/proc/", f"{proc}/")
    script = script.replace("cut -d/ -f3", f"cut -d/ -f{len(proc.parts) + 1}")
    done = subprocess.run(["bash", "-c", script, "agent", uid], capture_output=True, text=True, check=True)
    assert done.stdout == "70 71 / 71\n"
