"""Scripts, routines and blocks: the plain statements that stand in them."""

from __future__ import annotations

import pytest

from airflow_provider_montecarlo_push.lineage.model import Unparsed
from airflow_provider_montecarlo_push.lineage.profiles import profile_of
from airflow_provider_montecarlo_push.lineage.scanner import scan
from airflow_provider_montecarlo_push.lineage.scripts import Script


def plain(text: str, dialect: str) -> list[str]:
    """Return the plain statements of a text, with ``!`` and the cause for what cannot be read."""
    profile = profile_of(dialect)
    script = Script(profile)
    found = [item for statement in scan(text, profile) for item in script.plain(statement)]
    return [f"! {item.detail}" if isinstance(item, Unparsed) else " ".join(item.code.split()) for item in found]


@pytest.mark.parametrize(
    ("dialect", "text", "expected"),
    [
        ("snowflake", "begin insert into t select 1; delete from u; end; drop table v", 3),
        ("snowflake", "begin if (x > 1) then insert into t select 1; else delete from t; end if; end", 2),
        ("snowflake", "begin insert into t select case when a then 1 else 2 end; delete from t; end", 2),
        ("snowflake", "begin begin insert into t select 1; end; delete from t; end", 2),
        ("snowflake", "begin for r in c do insert into t select 1; end for; end", 1),
        ("snowflake", "begin case when x then insert into t select 1; else delete from t; end case; end", 2),
        ("snowflake", "begin x := 1; let y := (select 1); insert into t select :x; return y; end", 1),
        ("snowflake", "declare x int; y int default 1; begin insert into t select 1; exception when other then delete from t; end", 2),
        ("snowflake", "create procedure p(a int) returns int as begin insert into t select 1; delete from t; end", 2),
        ("snowflake", "create task k warehouse = w when f('x') as begin insert into t select 1; delete from t; end", 2),
        ("snowflake", "alter task k modify as insert into t select 1", 1),
        ("postgres", "do $$ begin insert into t select 1; for r in select * from s loop delete from t; end loop; end $$", 2),
        ("postgres", "create function f() returns void language sql as 'insert into t select 1; delete from t'", 2),
        ("oracle", "create package body k as procedure p is v number; begin insert into t select 1 from s; end; end k;\n/", 1),
        ("oracle", "begin forall i in 1..3 insert into t select 1 from s; <<again>> loop delete from t; end loop; end;", 2),
        ("mysql", "create procedure p(in a int) begin declare x int; while x > 1 do insert into t select 1; end while; end", 1),
        ("mysql", "create procedure p() insert into t select 1 from s", 1),
        ("bigquery", "declare x int64; begin insert t select 1; loop delete t where true; break; end loop; end", 3),
        ("bigquery", "for r in (select 1) do insert t select 2; end for", 1),
    ],
)  # fmt: skip
def test_blocks_give_their_statements(dialect: str, text: str, expected: int) -> None:
    found = plain(text, dialect)
    assert len(found) == expected, found
    assert {statement.split()[0] for statement in found} <= {"insert", "delete", "drop", "declare"}


@pytest.mark.parametrize("begin", ["begin", "begin transaction", "begin work", "BEGIN NAME t1"])
def test_a_transaction_is_no_block(begin: str) -> None:
    assert plain(f"{begin}; insert into t select 1; commit", "snowflake") == ["insert into t select 1", "commit"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("insert into a select x from b update c set d = 1", ["insert into a select x from b", "update c set d = 1"]),
        ("select a into #t from s drop table if exists #t", ["select a into #t from s", "drop table if exists #t"]),
        (
            "with c as (select 1 a), d as (select 2 b) insert into t select a from c select 3",
            ["with c as (select 1 a), d as (select 2 b) insert into t select a from c", "select 3"],
        ),
        (
            "insert into t with (tablock) (a) select a from s with (nolock) truncate table u",
            ["insert into t with (tablock) (a) select a from s with (nolock)", "truncate table u"],
        ),
        (
            "merge t using s on t.a = s.a when matched then update set b = 1 when not matched then insert (a) values (1);",
            ["merge t using s on t.a = s.a when matched then update set b = 1 when not matched then insert (a) values (1)"],
        ),
        (
            "if exists (select 1 from q) insert into a select case when x = 1 then 2 end from b else delete from c",
            ["insert into a select case when x = 1 then 2 end from b", "delete from c"],
        ),
        ("while @x < 3 begin update t set a = 1 set @x = @x + 1 end", ["update t set a = 1"]),
        ("begin try insert into a select 1 end try begin catch throw end catch", ["insert into a select 1"]),
        ("create view v as with c as (select 1 a) select a from c", ["create view v as with c as (select 1 a) select a from c"]),
        (
            "create or alter proc p @x int with execute as owner as with c as (select 1 a) insert into t select a from c",
            [
                "create or alter proc p @x int with execute as owner as",
                "with c as (select 1 a) insert into t select a from c",
            ],
        ),
        ("alter table t drop column a update t set b = 1", ["alter table t drop column a", "update t set b = 1"]),
        ("insert into t exec p select a from s order by a offset 1 rows fetch next 2 rows only", [
            "insert into t exec p", "select a from s order by a offset 1 rows fetch next 2 rows only",
        ]),
    ],
)  # fmt: skip
def test_statements_without_semicolons(text: str, expected: list[str]) -> None:
    assert plain(text, "tsql") == expected


@pytest.mark.parametrize(
    ("dialect", "text", "expected"),
    [
        ("snowflake", "execute immediate $$insert into t select 'it''s'$$", ["insert into t select 'it''s'"]),
        ("snowflake", "execute immediate 'insert into t select ''x'''", ["insert into t select 'x'"]),
        ("tsql", "exec sp_executesql N'insert into t select ''x''', N'@a int', @a = 1", ["insert into t select 'x'"]),
        ("tsql", "exec ('delete from t')", ["delete from t"]),
        ("tsql", "exec dbo.p @x = 'y'", ["exec dbo . p @x = 'y'"]),
        ("oracle", "begin execute immediate q'[insert into t select 'x' from s]'; end;", ["insert into t select 'x' from s"]),
        ("snowflake", "execute immediate 'insert into ' || :t", ["! SQL that is put together at run time"]),
        ("postgres", "do $$ begin execute format('insert into %I', t); end $$", ["! SQL that is put together at run time"]),
        ("snowflake", "create procedure p() returns int language python as $$ x $$", ["! a body in PYTHON"]),
    ],
)  # fmt: skip
def test_text_that_is_executed(dialect: str, text: str, expected: list[str]) -> None:
    assert plain(text, dialect) == expected


def test_bodies_in_bodies_end() -> None:
    text = "delete from t"
    for _ in range(20):
        text = "execute immediate '" + text.replace("'", "''") + "'"
    assert plain(text, "snowflake") == ["! bodies nested too deeply"]


def test_variables_and_parameters_are_noted() -> None:
    profile = profile_of("postgres")
    text = "create function f(in p_a int, out p_b text) language plpgsql as $$ declare v int; begin insert into t select v from s; end $$"
    script = Script(profile)
    (statement,) = [item for piece in scan(text, profile) for item in script.plain(piece)]
    assert not isinstance(statement, Unparsed)
    assert statement.variables >= {"P_A", "P_B", "V"}


def test_the_body_of_a_trigger_is_passed_over() -> None:
    text = "create trigger g after insert on t for each row begin insert into u select 1 from new; end; insert into v select 1"
    assert [statement.split()[:3] for statement in plain(text, "mysql")] == [
        ["create", "trigger", "g"],
        ["insert", "into", "v"],
    ]
