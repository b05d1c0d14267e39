"""Every sentence of the contract, in our words, and the requirements that hold a server to it."""

from skep.conformance.requirements import REQUIREMENTS

SENTENCES: dict[str, tuple[str, ...]] = {
    "the body is the session itself, in no wrapper": ("SES-BODY-02",),
    "the older operation has a wrapper, and takes more beside it": ("SES-LEG-01", "SES-LEG-02"),
    "a session event is created and answered, in full": tuple(f"SES-ANS-0{number}" for number in range(1, 7)),
    "nothing is required, everything has a fallback": ("SES-BODY-01", "SES-ANY-03", "SES-ANY-04"),
    "a session without an id gets a UUIDv4, a new one each time": ("SES-ID-01", "SES-ID-07", "SES-ANY-10"),
    "so does one whose id is no UUID": ("SES-ID-02", "SES-ID-03", "SES-ID-08", "SES-ID-09"),
    "an id of the client's is kept": ("SES-ID-04", "SES-ID-05", "SES-ID-06"),
    "event_name, else session_name, else unknown": tuple(f"SES-NAME-0{number}" for number in range(1, 7)),
    "source, else unknown": ("SES-SRC-01", "SES-SRC-02", "SES-SRC-03"),
    "start_time is a number of milliseconds": ("SES-START-01", "SES-START-05", "SES-START-06", "SES-START-07"),
    "a start_time that is no number is now": ("SES-START-02", "SES-START-03", "SES-START-04"),
    "now is now": ("SES-CLOCK-01", "SES-CLOCK-02", "SES-CLOCK-03"),
    "end_time likewise": ("SES-END-01", "SES-END-02", "SES-END-03", "SES-END-04"),
    "duration is a number of milliseconds": ("SES-DUR-01", "SES-DUR-02"),
    "config": ("SES-OBJ-01",),
    "inputs": ("SES-OBJ-02",),
    "outputs": ("SES-OBJ-03",),
    "metadata": ("SES-OBJ-04",),
    "user_properties": ("SES-OBJ-05",),
    "what is no object, or absent": ("SES-OBJ-06", "SES-OBJ-07", "SES-OBJ-08"),
    "children_ids are strings": ("SES-CHILD-01", "SES-CHILD-02", "SES-CHILD-03"),
    "an unknown field, or one of the server's": ("SES-BODY-03", "SES-BODY-04"),
    "a second post of an id merges metadata and user_properties": tuple(f"SES-MERGE-0{n}" for n in range(1, 5)),
    "and leaves all else as it is": tuple(f"SES-MERGE-{number:02}" for number in range(5, 15)),
    "whatever the letters of the id, whichever operation, for good": (
        *("SES-MERGE-15", "SES-MERGE-16", "SES-MERGE-17", "SES-ANY-09"),
    ),
    "and whoever posts at the same time": ("SES-RACE-01", "SES-RACE-02", "SES-RACE-03"),
    "a session is nobody else's": ("SES-LEAK-01", "SES-LEAK-02", "SES-LEAK-03"),
    "a token is an account's": ("SES-TENANT-01", "SES-TENANT-02"),
    "a bearer token is needed": tuple(f"SES-AUTH-0{number}" for number in range(1, 8)),
    "invalid session data is 400": ("SES-HTTP-01", "SES-HTTP-02", "SES-HTTP-08", "SES-HTTP-11"),
    "an error has one body": ("SES-HTTP-03", "SES-ANY-02", "SES-ANY-05", "SES-ANY-08"),
    "media types, methods, routes and sizes": tuple(f"SES-HTTP-{n}" for n in ("05", "06", "07", "09", "10")),
    "nothing that is sent breaks the server": ("SES-HTTP-04", "SES-ANY-01", "SES-ANY-06", "SES-ANY-07"),
    "the operations on events are there": ("EVT-ROUTE-01", "EVT-ROUTE-02", "EVT-ROUTE-03"),
    "their answers have their schemas": ("EVT-ANS-01", "EVT-ANS-02", "EVT-ANS-03"),
    "they need a bearer token": ("EVT-AUTH-01", "EVT-AUTH-02"),
    "and bodies that are JSON objects": ("EVT-HTTP-01", "EVT-HTTP-02"),
    "of the schema where that is asked for": ("EVT-STRICT-01", "EVT-STRICT-02"),
    "an event needs a type and inputs": ("EVT-NEW-01", "EVT-NEW-02", "EVT-NEW-05"),
    "the rest is kept, or filled by the server": ("EVT-NEW-03", "EVT-NEW-04"),
    "an event is read by its id": tuple(f"EVT-GET-0{number}" for number in range(1, 5)),
    "an update merges, replaces and ignores": tuple(f"EVT-UPD-0{number}" for number in range(1, 6)),
    "of any event, a session too": ("EVT-UPD-06", "EVT-UPD-07"),
    "a batch is several events, in one session if that is asked for": tuple(f"EVT-BAT-0{n}" for n in range(1, 6)),
    "events are added to a session": tuple(f"EVT-ADD-0{number}" for number in range(1, 5)),
    "events are found, in order, by the page": tuple(f"EVT-FIND-0{number}" for number in range(1, 6)),
    "by filters and dates, and shown as they are": tuple(f"EVT-FIND-{number:02}" for number in range(6, 13)),
    "spans become events": tuple(f"EVT-SPAN-0{number}" for number in range(1, 6)),
    "the schema is held to where that is asked for": tuple(f"SES-STRICT-0{number}" for number in range(1, 7)),
}


def test_each_sentence_has_requirements_and_each_requirement_a_sentence() -> None:
    """None is forgotten, and none was made up."""
    named = [id_ for ids in SENTENCES.values() for id_ in ids]
    assert sorted(each.id for each in REQUIREMENTS) == sorted(named)
