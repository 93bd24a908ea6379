"""The table of SECURITY.md: each line, what it must answer, and the tests that show it."""

from __future__ import annotations

from typing import NamedTuple

HERE = "tests/security"
EDGE = f"{HERE}/rows_entering.py"
PACKETS = f"{HERE}/rows_packets.py"
RIGHTS = f"{HERE}/rows_rights.py"


class Line(NamedTuple):
    """`tests`: file::function. `later`: of what does not exist yet, the feature that it comes with."""

    attack: str
    answer: str
    tests: tuple[str, ...] = ()
    later: str = ""


LINES: dict[int, Line] = {
    1: Line(
        "a page of another site, `null`, a suffix of our name; both transports",
        "400",
        (
            f"{EDGE}::a_page_of_another_site_opens_no_transport",
            "tests/transport/test_sessions.py::test_another_sites_page_opens_nothing",
        ),
    ),
    2: Line(
        "the same with X-Forwarded-Host and -Proto",
        "400; only proxies that are named are believed",
        (
            f"{EDGE}::forwarded_headers_of_strangers_are_not_believed",
            "tests/runtime/test_forwarded.py::test_nobody_else_is",
            f"{HERE}/test_proxy.py::test_only_a_trusted_proxy_says_how_the_visitor_came",
            f"{HERE}/test_proxy.py::test_origins_are_checked_behind_a_proxy_as_without",
        ),
    ),
    3: Line(
        "a cookie without an Origin",
        "counts only with the CSRF header",
        (f"{EDGE}::a_cookie_without_an_origin_needs_the_csrf_header",),
    ),
    4: Line(
        "`auth` that is no object, or has unknown fields",
        "refused and closed; nobody is a guest by accident",
        (
            f"{EDGE}::auth_that_is_no_object_is_nobody",
            f"{EDGE}::an_unknown_field_in_auth_is_refused",
        ),
    ),
    5: Line(
        "a transport that never sends CONNECT; many of them",
        "closed after 10 s; a cap for each address",
        (
            f"{EDGE}::a_transport_that_never_connects_is_closed",
            f"{HERE}/test_limits.py::test_an_address_has_only_so_many_sockets_without_a_person",
        ),
    ),
    6: Line(
        "an event named `connect` or `disconnect`",
        "`unknown_event`",
        (f"{PACKETS}::an_event_named_connect_is_unknown",),
    ),
    7: Line(
        "somebody else's session id of long-polling",
        "403",
        (f"{EDGE}::a_foreign_sid_serves_nobody_else",),
    ),
    8: Line(
        "sign-out, ban, demotion made on another worker",
        "live sockets end, or lose the right, within 2 s everywhere",
        (
            "tests/web/test_accounts.py::test_live_sockets_end_wherever_a_session_is_signed_out",
            f"{HERE}/test_administration.py::test_a_ban_ends_every_session_on_every_worker_and_no_other_begins",
            f"{HERE}/test_moderation.py::test_a_demotion_counts_at_once_also_for_live_sockets",
        ),
    ),
    9: Line(
        "a token that expires on a live socket",
        "refreshed, or closed then",
        (f"{HERE}/test_tokens.py::test_a_socket_ends_with_its_token_unless_it_is_refreshed",),
    ),
    10: Line(
        "a forged, malformed or foreign token",
        "`unauthenticated`",
        (f"{EDGE}::a_forged_malformed_or_foreign_token_is_nobodys",),
    ),
    11: Line(
        "a session fixed before the sign-in",
        "a new one; the old one ends",
        (
            "tests/web/test_accounts.py::test_every_sign_in_is_a_new_session_and_the_one_before_it_ends",
            "tests/web/test_accounts.py::test_a_session_that_somebody_else_chose_is_not_taken_over",
        ),
    ),
    12: Line(
        "who is no member joins, sends, pages, reads, searches, types, asks the AI",
        "`not_found`, word for word as for a room that is not there",
        (f"{RIGHTS}::a_stranger_gets_the_same_answers_as_where_there_is_no_room",),
    ),
    13: Line(
        "a room named like a session id, a person, an internal key",
        "a room like any other, or none; nothing inside is heard",
        (f"{RIGHTS}::a_room_named_like_something_inside_is_a_room_like_any_other",),
    ),
    14: Line(
        "a removed or banned member",
        "no event, page, hit or piece of an answer more",
        (
            f"{RIGHTS}::a_removed_member_gets_no_event_page_hit_or_stream",
            f"{HERE}/test_moderation.py::test_who_is_banned_is_put_out_everywhere_and_does_not_come_back",
        ),
    ),
    15: Line(
        "a member who may only read writes",
        "`forbidden`",
        (f"{RIGHTS}::a_member_who_may_only_read_writes_nothing",),
    ),
    16: Line(
        "an id of somebody else's message, upload, answer, session",
        "`not_found`",
        (f"{RIGHTS}::an_id_of_somebody_elses_is_not_found",),
    ),
    17: Line(
        "a client sets user_id, role, is_bot, seq",
        "refused as an unknown field",
        (f"{RIGHTS}::nobody_sets_what_the_server_decides",),
    ),
    18: Line(
        "a cookie's POST without a CSRF token; text/plain",
        "403",
        (
            f"{EDGE}::a_cookie_changes_nothing_without_the_csrf_token",
            f"{EDGE}::no_route_changes_anything_for_a_cookie_alone",
        ),
    ),
    19: Line(
        "CORS with credentials from another site",
        "not reflected",
        (f"{EDGE}::no_foreign_origin_is_reflected",),
    ),
    20: Line(
        "a frame of 100 MB; a compressed bomb",
        "closed 1009 by the header alone; no compression",
        (
            f"{PACKETS}::a_hundred_megabytes_are_refused_by_their_header",
            f"{PACKETS}::compression_is_not_agreed_to_and_not_unpacked",
        ),
    ),
    21: Line(
        "a long-polling POST over the limit",
        "413 at once",
        (f"{PACKETS}::a_long_poll_that_says_too_much_is_refused_before_it_is_read",),
    ),
    22: Line(
        "a packet that announces billions of attachments",
        "closed",
        (f"{PACKETS}::announced_attachments_are_not_waited_for",),
    ),
    23: Line(
        "a bad placeholder, a frame `x`, an empty one",
        "closed and freed",
        (
            f"{PACKETS}::what_is_no_packet_closes",
            f"{PACKETS}::binary_that_nobody_announced_closes",
            "tests/transport/test_stock.py::test_what_is_no_packet_closes_and_frees",
        ),
    ),
    24: Line(
        "bad JSON, an object for a list, odd names",
        "`bad_request`, the connection stays",
        (f"{PACKETS}::what_is_no_event_is_answered",),
    ),
    25: Line(
        "an unknown event, a wrong number of payloads, a fault of ours",
        "a code, the connection stays",
        (
            f"{PACKETS}::an_unknown_event_and_a_wrong_number_of_payloads_are_answered",
            f"{PACKETS}::a_fault_is_answered_without_a_word_of_what_it_was",
        ),
    ),
    26: Line(
        "1e999, NaN",
        "`bad_request`",
        (f"{PACKETS}::a_number_that_json_does_not_have_is_refused",),
    ),
    27: Line(
        "nesting 900 deep, huge integers",
        "`bad_request`",
        (f"{PACKETS}::deep_nesting_and_huge_integers_are_refused",),
    ),
    28: Line(
        "NUL, lone surrogates",
        "`bad_request`",
        (
            f"{PACKETS}::nul_and_lone_surrogates_are_refused",
            "tests/web/test_requests.py::test_a_body_that_is_not_what_was_asked_for_stores_nothing",
        ),
    ),
    29: Line(
        "every field fuzzed by its type",
        "a code, no traceback",
        (
            f"{HERE}/test_fuzz.py::test_every_event_is_answered_whatever_it_carries",
            f"{HERE}/test_fuzz.py::test_every_route_answers_as_its_document_says",
            f"{HERE}/test_fuzz.py::test_every_raw_packet_is_answered_or_ends_the_connection",
        ),
    ),
    30: Line(
        "1,000 events a second from one client, or of what is no event: pings, pongs, fragments",
        "`rate_limited`, then closed; the others do not feel it",
        (
            "tests/transport/test_event_order.py::test_a_client_that_floods_is_refused_then_closed_and_the_others_do_not_feel_it",
            f"{HERE}/test_limits.py::test_a_flood_is_refused_and_then_closed",
            f"{PACKETS}::a_flood_of_what_is_no_event_is_closed",
            f"{PACKETS}::a_flood_of_control_frames_or_fragments_is_closed",
        ),
    ),
    31: Line(
        "a flood of connections, slowloris",
        "429, time-out",
        (
            "tests/web/test_rates.py::test_one_address_opens_only_so_many_sockets",
            "tests/web/test_pace.py::test_only_who_offends_beyond_the_burst_waits",
            "tests/web/test_pace.py::test_strangers_wait_at_a_narrow_gate_and_who_came_in_before_does_not",
            "tests/runtime/test_gate.py::test_the_jobs_have_no_more_than_their_share_of_the_time",
            f"{HERE}/test_hostile_load.py::test_good_clients_lose_nothing_beside_bad_ones_of_every_kind",
            "tests/runtime/test_connections.py::test_a_head_that_trickles_in_is_cut_as_well",
            f"{EDGE}::half_a_request_does_not_keep_anybody_out",
        ),
    ),
    32: Line(
        "a client that never reads",
        "bounded, closed, resumes without loss",
        (
            "tests/transport/test_slow_reader.py::test_who_never_reads_is_closed_and_the_others_miss_nothing",
        ),
    ),
    33: Line(
        "a room's name of 10,000 letters, `../`, spaces, emoji",
        "`bad_request` that says what is allowed",
        (f"{PACKETS}::a_strange_room_name_is_told_what_is_allowed",),
    ),
    34: Line(
        "names that look alike, zero-width, turned round",
        "`name_taken`",
        (
            "tests/services/test_person_names.py::test_names_that_look_alike_have_one_key",
            "tests/web/test_accounts.py::test_nobody_takes_the_name_of_an_account_or_one_that_looks_like_it",
        ),
    ),
    35: Line(
        "turned text in messages",
        "stays in its message",
        ("tests/browser/test_hostile_texts.py::test_turned_letters_stay_in_their_own_message",),
    ),
    36: Line(
        "scripts in texts, by entities, tabs, data:, names, pieces of an answer",
        "text; no report of the policy",
        (
            "tests/browser/test_hostile_texts.py::test_what_people_write_runs_nothing_and_loads_nothing",
            "tests/browser/test_hostile_texts.py::test_markup_split_over_the_pieces_of_an_answer_is_text",
        ),
    ),
    37: Line(
        "a picture of another server in Markdown",
        "no request leaves the browser",
        (
            "tests/browser/test_hostile_texts.py::test_what_people_write_runs_nothing_and_loads_nothing",
        ),
    ),
    38: Line("SVG, HTML or a polyglot uploaded", "415, or attachment", later="uploads"),
    39: Line("bombs, traversal, cut uploads", "413 or 415, no orphan", later="uploads"),
    40: Line(
        "100,000 parts or fields of a form; quotas",
        "413; `quota_exceeded` comes with uploads",
        (f"{EDGE}::a_form_of_very_many_parts_is_refused",),
    ),
    41: Line("requests into the network of the server", "blocked", later="previews and webhooks"),
    42: Line(
        "passwords tried, accounts looked for",
        "429; the same words and time",
        (
            "tests/web/test_rates.py::test_passwords_cannot_be_tried_one_after_the_other",
            "tests/web/test_rates.py::test_a_name_nobody_has_is_limited_as_one_that_somebody_has",
            "tests/store/test_people.py::test_a_wrong_name_and_a_wrong_password_are_told_the_same_and_cost_the_same",
        ),
    ),
    43: Line(
        "a redirect to //evil, /\\\\evil",
        "stays here",
        (
            f"{EDGE}::nothing_redirects_to_another_server",
            "tests/web/test_pages.py::test_no_form_leads_away_from_this_server",
        ),
    ),
    44: Line(
        "CR LF and ANSI in names",
        "one line of the log",
        (f"{HERE}/test_logs.py::test_nobody_forges_a_line",),
    ),
    45: Line(
        "secrets",
        "not in logs, errors, addresses",
        (
            f"{HERE}/test_logs.py::test_no_secret_and_no_word_of_a_room_is_in_the_log_an_answer_or_an_address",
        ),
    ),
    46: Line(
        "headers: cookies, CSP without unsafe-inline, nosniff, HSTS, no-store",
        "on every answer",
        (
            "tests/web/test_requests.py::test_the_headers_that_protect_are_on_every_answer",
            "tests/web/test_https.py::test_over_https_the_cookie_is_bound_to_the_host_and_over_http_it_can_be_kept",
        ),
    ),
    47: Line(
        "administrators' functions over HTTP and socket",
        "`forbidden`, and an entry in the record",
        (
            f"{HERE}/test_administration.py::test_nobody_else_does_what_administrators_do_and_the_try_is_recorded",
        ),
    ),
    48: Line(
        "a pickle pushed into Redis",
        "not opened",
        (f"{HERE}/test_redis.py::test_a_pickle_in_redis_is_not_opened",),
    ),
    49: Line(
        "prompt injection: show me the other room",
        "an assistant sees its own room only",
        (
            f"{RIGHTS}::an_assistant_is_shown_its_own_room_only",
            "tests/assistant/test_answers.py::test_the_provider_is_shown_this_room_and_no_other",
        ),
    ),
    50: Line(
        "a flood of mentions of the AI, a huge context",
        "`rate_limited`, `budget_exceeded`; what fits is shown",
        (
            f"{HERE}/test_limits.py::test_assistants_are_asked_only_so_often",
            "tests/assistant/test_budgets.py::test_who_asks_beyond_a_budget_is_told_so_alone",
            "tests/assistant/test_context.py::test_the_oldest_whole_turns_go_first",
        ),
    ),
    51: Line(
        "Redis or the database dies in mid-send",
        "`unavailable`; a retry gives one message",
        (
            "tests/realtime/test_installation.py::test_people_who_go_on_sending_notice_no_fault_of_redis",
        ),
    ),
    52: Line(
        "a request with two readings: lengths, codings, hosts, ends of lines, chunks",
        "400, and the connection ends",
        (
            f"{EDGE}::a_request_with_two_readings_is_none",
            "tests/runtime/test_heads.py::test_what_has_two_readings_is_refused_and_nothing_behind_it_is_read",
            "tests/runtime/test_heads.py::test_a_body_that_is_not_in_chunks_ends_the_connection",
        ),
    ),
    53: Line(
        "cookies of other programs on the host, odd ones too",
        "nobody is signed out by them",
        (f"{EDGE}::what_other_programs_set_on_the_host_signs_nobody_out",),
    ),
    54: Line(
        "many addresses of one IPv6 network",
        "one visitor, for every limit",
        (
            f"{HERE}/test_proxy.py::test_who_has_a_network_of_addresses_is_one_visitor",
            "tests/runtime/test_forwarded.py::test_who_has_a_network_of_addresses_is_one_visitor",
        ),
    ),
    55: Line(
        "a sign-in at the very moment of a ban or of another password, or an act at that of a demotion",
        "refused, or ended with the others",
        (
            "tests/store/test_same_moment.py::test_who_signs_in_while_the_ban_is_made_is_refused",
            "tests/store/test_same_moment.py::test_a_change_ends_also_the_session_that_the_old_password_is_opening",
            "tests/store/test_same_moment.py::test_of_two_who_take_the_rights_from_each_other_one_stays",
            "tests/store/test_people.py::test_a_password_that_is_changed_while_it_is_verified_opens_no_session",
        ),
    ),
}

IDENTITY = (
    "tests/web/test_identity.py::test_nobody_is_ever_somebody_else",
    f"{HERE}/test_identity.py::test_who_one_is_never_changes_through_faults",
)


def markdown() -> str:
    """The table as it stands in SECURITY.md."""
    lines = ["| # | tried | answer | shown by |", "|---|---|---|---|"]
    for number, line in LINES.items():
        shown = "<br>".join(f"`{each}`" for each in line.tests) or f"comes with {line.later}"
        lines.append(f"| {number} | {line.attack} | {line.answer} | {shown} |")
    return "\n".join(lines) + "\n"
