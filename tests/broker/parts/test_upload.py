"""Uploads over a real socket: what is good is measured and kept, what is bad leaves nothing."""

import struct
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from xml.etree import ElementTree

import httpx
import pytest
from sqlalchemy import func, select

from broker.app.factory import create_app
from broker.clock import SystemClock
from broker.database import Database
from broker.parts.models import Part
from broker.settings import Settings
from broker.wire.rest import PartView, Problem
from tests.broker.conftest import Person, person, served
from tests.broker.parts.shapes import box_stl, rectangle_dxf, stl
from tests.broker.quotes.firstfit import FirstFit
from tests.slicer_bridge.step_files import box_step

_CAP = 200_000


@dataclass(frozen=True, slots=True)
class Bench:
    url: str
    data: Path
    database: Database
    ana: Person

    async def send(self, name: str, content: bytes, unit: str | None = None, key: str | None = None) -> httpx.Response:
        async with self.ana.client(self.url) as client:
            return await client.post(
                "/parts",
                files={"file": (name, content)},
                data={"unit": unit} if unit else {},
                headers={"Idempotency-Key": key} if key else {},
            )

    async def rows(self) -> int:
        async with self.database.reading() as session:
            return (await session.scalars(select(func.count()).select_from(Part))).one()

    def files(self) -> list[Path]:
        return [path for path in self.data.rglob("*") if path.is_file() and not path.name.startswith("broker.sqlite")]


@pytest.fixture
async def bench(settings: Settings, database: Database) -> AsyncIterator[Bench]:
    ana = await person(database, "ana", SystemClock().now())
    capped = settings.model_copy(update={"upload_cap_bytes": _CAP})
    async with served(create_app(capped, plan=FirstFit(database))) as url:  # nothing is planned here
        yield Bench(url, settings.data, database, ana)


async def test_a_mesh_is_measured_and_kept_by_hash(bench: Bench) -> None:
    answer = await bench.send("box.stl", box_stl(20, 10, 5))
    part = PartView.model_validate_json(answer.content)
    assert answer.status_code == 201
    assert part.facts.mesh is not None
    assert part.facts.mesh.volume_mm3 == pytest.approx(1000)
    assert {path.name for path in bench.files()} == {part.facts.source_sha256, part.facts.normalised_sha256}
    async with bench.ana.client(bench.url) as client:
        assert (await client.get(f"/parts/{part.id}")).json() == answer.json()
        picture = await client.get(f"/parts/{part.id}/thumbnail")
    assert picture.headers["content-type"].startswith("image/svg+xml")
    assert ElementTree.fromstring(picture.content).tag.endswith("svg")


async def test_a_drawing_needs_a_unit(bench: Bench) -> None:
    refused = await bench.send("panel.dxf", rectangle_dxf(4, 3, unit=None))
    problem = Problem.model_validate_json(refused.content)
    assert (refused.status_code, problem.where) == (422, "panel.dxf")
    assert "unit" in (problem.fix or "")
    good = PartView.model_validate_json((await bench.send("panel.dxf", rectangle_dxf(4, 3, unit=None), "inch")).content)
    assert good.facts.drawing is not None
    assert good.facts.drawing.size_mm == pytest.approx((101.6, 76.2))


async def test_a_step_file_is_measured_in_mm(bench: Bench) -> None:
    answer = await bench.send("box.step", box_step((2, 1, 0.5), "inch").encode())
    part = PartView.model_validate_json(answer.content)
    assert (answer.status_code, part.facts.format, part.facts.unit) == (201, "step", "inch")
    assert part.facts.mesh is not None
    assert part.facts.mesh.size_mm == pytest.approx((50.8, 25.4, 12.7), rel=1e-5)
    assert {path.name for path in bench.files()} == {part.facts.source_sha256, part.facts.normalised_sha256}


async def test_an_svg_is_measured_or_asked_for_its_unit(bench: Bench) -> None:
    plate = '<svg xmlns="http://www.w3.org/2000/svg" {} viewBox="0 0 90 60"><rect width="90" height="60"/></svg>'
    sized = await bench.send("plate.svg", plate.format('width="90mm" height="60mm"').encode())
    part = PartView.model_validate_json(sized.content)
    assert (sized.status_code, part.facts.format) == (201, "svg")
    assert part.facts.drawing is not None
    assert part.facts.drawing.size_mm == pytest.approx((90, 60))
    in_pixels = plate.format('width="90" height="60"').encode()
    refused = await bench.send("plate.svg", in_pixels)
    problem = Problem.model_validate_json(refused.content)
    assert refused.status_code == 422
    assert "px of an SVG" in (problem.fix or "")
    assert (await bench.send("plate.svg", in_pixels, "px")).status_code == 201


async def test_another_kind_of_file_is_told_what_is_taken(bench: Bench) -> None:
    answer = await bench.send("part.sldprt", b"\xd0\xcf\x11\xe0" * 99)
    problem = Problem.model_validate_json(answer.content)
    assert (answer.status_code, problem.where) == (422, "part.sldprt")
    assert "STEP" in (problem.fix or "")


_NAN = stl([((0.0, 0.0, 0.0), (1.0, 0.0, float("nan")), (0.0, 1.0, 0.0))])


@pytest.mark.parametrize(
    ("name", "content", "status"),
    [
        ("garbage.stl", b"\x89PNG" + bytes(range(256)) * 4, 422),
        ("empty.stl", b"", 422),
        ("cut.stl", box_stl(20, 10, 5)[:-70], 422),
        ("lying.stl", b"\0" * 80 + struct.pack("<I", 4_000_000_000) + b"\0" * 500, 422),
        ("nan.stl", _NAN, 422),
        ("panel.step", b"ISO-10303-21;", 422),
        ("large.stl", b"\0" * (_CAP + 1), 413),
        ("huge.stl", b"\0" * (3 * _CAP), 413),
    ],
)
async def test_a_bad_file_is_refused_and_leaves_nothing(bench: Bench, name: str, content: bytes, status: int) -> None:
    answer = await bench.send(name, content)
    problem = Problem.model_validate_json(answer.content)
    assert (answer.status_code, problem.status) == (status, status)
    assert answer.headers["content-type"] == "application/problem+json"
    assert problem.detail
    assert (await bench.rows(), bench.files()) == (0, [])


async def test_an_open_mesh_is_a_finding(bench: Bench) -> None:
    answer = await bench.send(
        "open.stl", stl([((0, 0, 0), (20, 0, 0), (0, 20, 5)), ((0, 0, 0), (0, 20, 5), (9, 0, 9))])
    )
    part = PartView.model_validate_json(answer.content)
    assert part.facts.mesh is not None
    assert not part.facts.mesh.watertight
    assert part.facts.findings


async def test_the_same_key_uploads_once(bench: Bench) -> None:
    first = await bench.send("box.stl", box_stl(20, 10, 5), key="k1")
    again = await bench.send("box.stl", box_stl(20, 10, 5), key="k1")
    other = await bench.send("box.stl", box_stl(20, 10, 6), key="k1")
    assert first.json() == again.json()
    assert (again.status_code, other.status_code, await bench.rows()) == (201, 422, 1)


async def test_strangers_see_nothing(bench: Bench) -> None:
    part = PartView.model_validate_json((await bench.send("box.stl", box_stl(20, 10, 5))).content)
    eva = await person(bench.database, "eva", SystemClock().now())
    async with eva.client(bench.url) as client:
        assert (await client.get(f"/parts/{part.id}")).status_code == 404
    async with httpx.AsyncClient(base_url=bench.url, trust_env=False) as nobody:
        refused = await nobody.get(f"/api/v1/parts/{part.id}")
    assert (refused.status_code, refused.headers["www-authenticate"]) == (401, "Bearer")
