"""Chat templates: those of well-known models, small ones of one feature each, and
random ones. Jinja2, set up as transformers does it, says what they print."""

from __future__ import annotations

import datetime
import json
import random
from typing import Any

import jinja2
from jinja2.sandbox import ImmutableSandboxedEnvironment

Messages = list[dict[str, str]]

TOKENS = {"bos_token": "<|begin_of_text|>", "eos_token": "<|end_of_text|>"}

# The formats that models are trained on.
KNOWN = {
    "bitnet-2b": (
        "{% set loop_messages = messages %}{% for message in loop_messages %}"
        "{% set content = message['role'] | capitalize + ': ' + message['content'] "
        "| trim + '<|eot_id|>' %}{% if loop.index0 == 0 %}"
        "{% set content = bos_token + content %}{% endif %}{{ content }}{% endfor %}"
        "{% if add_generation_prompt %}{{ 'Assistant: ' }}{% endif %}"
    ),
    "llama3": (
        "{% set loop_messages = messages %}{% for message in loop_messages %}"
        "{% set content = '<|start_header_id|>' + message['role'] + "
        "'<|end_header_id|>\\n\\n' + message['content'] | trim + '<|eot_id|>' %}"
        "{% if loop.index0 == 0 %}{% set content = bos_token + content %}{% endif %}"
        "{{ content }}{% endfor %}{% if add_generation_prompt %}"
        "{{ '<|start_header_id|>assistant<|end_header_id|>\\n\\n' }}{% endif %}"
    ),
    "chatml": (
        "{% if not add_generation_prompt is defined %}"
        "{% set add_generation_prompt = false %}{% endif %}"
        "{% for message in messages %}{{'<|im_start|>' + message['role'] + '\\n' + "
        "message['content'] + '<|im_end|>' + '\\n'}}{% endfor %}"
        "{% if add_generation_prompt %}{{ '<|im_start|>assistant\\n' }}{% endif %}"
    ),
    "llama2": """\
{% if messages[0]['role'] == 'system' %}
    {% set loop_messages = messages[1:] %}
    {% set system_message = messages[0]['content'] %}
{% else %}
    {% set loop_messages = messages %}
    {% set system_message = false %}
{% endif %}
{% for message in loop_messages %}
    {% if (message['role'] == 'user') != (loop.index0 % 2 == 0) %}
        {{ raise_exception('roles must alternate user/assistant/...') }}
    {% endif %}
    {% if loop.index0 == 0 and system_message != false %}
        {% set content = '<<SYS>>\\n' + system_message + '\\n<</SYS>>\\n\\n' + message['content'] %}
    {% else %}
        {% set content = message['content'] %}
    {% endif %}
    {% if message['role'] == 'user' %}
        {{- bos_token + '[INST] ' + content.strip() + ' [/INST]' }}
    {% elif message['role'] == 'assistant' %}
        {{- ' ' + content.strip() + ' ' + eos_token }}
    {% endif %}
{% endfor %}
""",
    "roles": (
        "{% for message in messages %}{{ '<|' ~ message.role ~ '|>\\n' ~ "
        "message.content }}{{ '\\n' if not loop.last else '' }}{% endfor %}"
        "{% if add_generation_prompt %}\n<|assistant|>\n{% endif %}"
    ),
    "turns": """\
{{ bos_token }}
{%- if messages and messages[0].role == 'system' -%}
    {%- set first = messages[0].content ~ '\\n\\n' -%}
    {%- set rest = messages[1:] -%}
{%- else -%}
    {%- set first = '' -%}
    {%- set rest = messages -%}
{%- endif -%}
{%- for message in rest -%}
    {%- set role = 'model' if message.role == 'assistant' else message.role -%}
    {{ '<start_of_turn>' + role + '\\n' + (first if loop.first else '') }}
    {%- if message.content is string -%}
        {{ message.content | trim }}
    {%- else -%}
        {{ raise_exception('no text') }}
    {%- endif -%}
    {{ '<end_of_turn>\\n' }}
{%- endfor -%}
{%- if add_generation_prompt -%}
    {{ '<start_of_turn>model\\n' }}
{%- endif -%}
""",
    # As models that think do it: only the last answers keep their thoughts.
    "thinking": """\
{%- if tools %}
    {{- '<|im_start|>system\\n' }}{{ tools | tojson }}
{%- endif %}
{%- set ns = namespace(searching=true, last=messages|length - 1) %}
{%- for message in messages[::-1] %}
    {%- set index = (messages|length - 1) - loop.index0 %}
    {%- if ns.searching and message.role == "user" and not(message.content.startswith('<tool>') and message.content.endswith('</tool>')) %}
        {%- set ns.searching = false %}
        {%- set ns.last = index %}
    {%- endif %}
{%- endfor %}
{%- for message in messages %}
    {%- if message.content is string %}
        {%- set content = message.content %}
    {%- else %}
        {%- set content = '' %}
    {%- endif %}
    {%- if message.role == "assistant" %}
        {%- set thought = '' %}
        {%- if '</think>' in content %}
            {%- set thought = content.split('</think>')[0].rstrip('\\n').split('<think>')[-1].lstrip('\\n') %}
            {%- set content = content.split('</think>')[-1].lstrip('\\n') %}
        {%- endif %}
        {%- if loop.index0 > ns.last and (loop.last or (not loop.last and thought)) %}
            {{- '<|im_start|>' + message.role + '\\n<think>\\n' + thought.strip('\\n') + '\\n</think>\\n\\n' + content.lstrip('\\n') }}
        {%- else %}
            {{- '<|im_start|>' + message.role + '\\n' + content }}
        {%- endif %}
        {{- '<|im_end|>\\n' }}
    {%- else %}
        {{- '<|im_start|>' + message.role + '\\n' + content + '<|im_end|>' + '\\n' }}
    {%- endif %}
{%- endfor %}
{%- if add_generation_prompt %}
    {{- '<|im_start|>assistant\\n' }}
    {%- if enable_thinking is defined and enable_thinking is false %}
        {{- '<think>\\n\\n</think>\\n\\n' }}
    {%- endif %}
{%- endif %}""",
    # As models with tools do it, of which there are none here.
    "tools": """\
{{- bos_token }}
{%- if custom_tools is defined %}
    {%- set tools = custom_tools %}
{%- endif %}
{%- if not date_string is defined %}
    {%- set date_string = strftime_now("%Y") ~ "-%" %}
{%- endif %}
{%- if not tools is defined %}
    {%- set tools = none %}
{%- endif %}
{%- if messages[0]['role'] == 'system' %}
    {%- set system_message = messages[0]['content']|trim %}
    {%- set messages = messages[1:] %}
{%- else %}
    {%- set system_message = "" %}
{%- endif %}
{{- "<|start_header_id|>system<|end_header_id|>\\n\\n" }}
{%- if tools is not none %}
    {{- "Environment: ipython\\n" }}
    {%- for t in tools %}
        {{- t | tojson(indent=4) }}
        {{- "\\n\\n" }}
    {%- endfor %}
{%- endif %}
{{- "Today Date: " + date_string + "\\n\\n" }}
{{- system_message }}
{{- "<|eot_id|>" }}
{%- for message in messages %}
    {%- if not (message.role == 'ipython' or message.role == 'tool' or 'tool_calls' in message) %}
        {{- '<|start_header_id|>' + message['role'] + '<|end_header_id|>\\n\\n'+ message['content'] | trim + '<|eot_id|>' }}
    {%- elif 'tool_calls' in message %}
        {%- if not message.tool_calls|length == 1 %}
            {{- raise_exception("only single tool-calls at once") }}
        {%- endif %}
    {%- endif %}
{%- endfor %}
{%- if add_generation_prompt %}
    {{- '<|start_header_id|>assistant<|end_header_id|>\\n\\n' }}
{%- endif %}
""",
}

SNIPPETS = """\
{{ 'a' 'b' "c" }}|{{ "\\x41\\u00e9\\n\\t\\\\\\'\\q" }}|{{ '\\"' }}
{{ 1 + 2 * 3 - 4 }}{{ 7 // 2 }}{{ -7 // 2 }}{{ -7 % 3 }}{{ 7 % -3 }}{{ - 3 }}{{ 2 - -1 }}
{{ 1 == 1 }}{{ 1 == true }}{{ 'a' == 'a' }}{{ 'a' != none }}{{ none == false }}{{ x == y }}{{ x == none }}
{{ 'a' < 'b' }}{{ 'a' < 'A' }}{{ 2 >= 2 }}{{ 'ab' > 'b' }}{{ 'a' <= 'ab' }}
{{ 'é' < 'z' }}{{ 1 < 'a' }}
{{ 1 in [1, 2] }}{{ 'a' in 'bar' }}{{ 'x' not in messages[0] }}{{ 'role' in messages[0] }}{{ '' in '' }}{{ 1 in x }}
{{ 1 in 'a' }}
{{ not 1 }}{{ not x }}{{ not '' or 5 }}{{ 0 or '' or 'z' }}{{ 1 and 0 and 2 }}{{ not not [] }}
{{ 'y' if messages else 'n' }}{{ 'y' if x }}{{ 'a' if x else 'b' if y else 'c' }}
{{ messages[0].role ~ 1 ~ none ~ true ~ x }}{{ 'a' ~ 1 + 2 }}
{{ messages[-1]['content'][1:3] }}|{{ 'héllo'[::-1] }}|{{ 'abc'[-1] }}|{{ 'abc'[7] }}|{{ 'abc'[5:] }}|{{ [1,2,3][::2] | length }}
{{ 'hello'[-3:] }}{{ 'hello'[:-3] }}{{ 'hello'[10:2:-2] }}{{ 'hello'[None:None:-1] }}{{ 'hello'[-99:99] }}{{ 'hello'[3:0:-1] }}
{{ 'hello'[::0] }}
{{ x.y }}
{{ x[0] }}
{{ messages[0].nothing }}{{ messages[0].nothing.more }}
{{ none.a }}{{ (1).a }}{{ 'a'.b }}{{ none[0] }}{{ [1][9] }}
{{ ' a b ' | trim }}|{{ '\\x1c\\u2003 a \\n' | trim }}|{{ 'xxaxx' | trim('x') }}|{{ 'éaé'.strip('é') }}|{{ 'ab'.lstrip('ba') }}|
{{ 'aBc' | upper }}{{ 'aBc' | lower }}{{ 'aBc' | capitalize }}{{ '' | capitalize }}{{ 5 | upper }}{{ 'AbC'.upper() }}
{{ 'a-b-c' | replace('-', '+') }}{{ 'aaa'.replace('aa', 'b') }}{{ 121 | replace(1, 3) }}
{{ x | default('d') }}{{ '' | default('d') }}{{ '' | default('d', true) }}{{ x | default }}{{ none | d('e', boolean=true) }}{{ 0|default(default_value='z', boolean=true) }}
{{ 'häb' | length }}{{ messages | length }}{{ messages[0] | count }}{{ x | length }}{{ [] | length }}
{{ 5 | length }}
{{ 'abc' | first }}{{ 'abc' | last }}{{ [] | first }}{{ [1,2] | last }}{{ messages[0] | first }}
{{ ['a', 1, none] | join('-') }}{{ ['a', 'b'] | join }}{{ 'abc' | join(',') }}{{ [1] | join(d='+') }}
{{ messages | tojson }}
{{ messages | tojson(indent=2) }}{{ [] | tojson(indent=2) }}{{ [[], [1, true, none, 'é"\\n']] | tojson(indent=1) }}
{{ 'a b c'.split(' ') | join('/') }}{{ 'aXXbXXXc'.split('XX') | join('/') }}{{ ''.split('a') | length }}
{{ 'abc'.startswith('ab') }}{{ 'abc'.endswith('bc') }}{{ 'abc'.endswith('abcd') }}{{ ''.startswith('') }}
{{ messages[0].get('role') }}{{ messages[0].get('x') }}{{ messages[0].get('x', 'y') }}
{{ x is defined }}{{ messages is defined }}{{ x is undefined }}{{ none is none }}{{ x is none }}{{ 'a' is string }}{{ messages[0] is mapping }}
{{ messages is iterable }}{{ 'a' is sequence }}{{ 1 is iterable }}{{ x is sequence }}{{ 1 is integer }}{{ true is integer }}{{ true is number }}{{ true is boolean }}{{ 1 is true }}{{ true is true }}{{ 0 is false }}
{{ 3 is odd }}{{ 3 is even }}{{ -3 is odd }}{{ messages is not defined }}{{ not messages is defined }}{{ 1 is odd and 2 is even }}
{{ 'a' is odd }}
{{ raise_exception('no') }}
{{ raise_exception is defined }}{{ namespace is defined }}{{ strftime_now is defined }}{{ nosuch is defined }}
{{ strftime_now('%Y') }}
{% for m in messages %}{{ loop.index }}{{ loop.index0 }}{{ loop.first }}{{ loop.last }}{{ loop.length }}{{ loop.revindex }}{{ loop.revindex0 }}{{ m.role }}{{ loop.previtem.role }}{% endfor %}
{% for m in messages %}{{ loop.nextitem.role if not loop.last }}{{ loop.previtem is defined }}{% endfor %}
{% for c in 'héy' %}{{ c }},{% endfor %}{% for k in messages[0] %}{{ k }};{% endfor %}{% for i in x %}no{% else %}empty{% endfor %}{% for i in [] %}{% else %}e{% endfor %}
{% for i in none %}{% endfor %}
{% for i in 5 %}{% endfor %}
{% for a in [1,2] %}{% for b in [3,4] %}{{ loop.index }}{{ a * b }} {% endfor %}{{ loop.index }}{% endfor %}{{ loop is defined }}
{% set a = 1 %}{% for i in [1,2] %}{{ a }}{% set a = a + i %}{{ a }}{% endfor %}{{ a }}
{% for i in [1,2,3] %}{% if loop.first %}{% set seen = i %}{% endif %}{{ seen }};{% endfor %}{{ seen is defined }}
{% set ns = namespace(a=1, b='x') %}{% for i in [1,2] %}{% set ns.a = ns.a + i %}{% endfor %}{{ ns.a }}{{ ns.b }}{{ ns.c }}{{ ns is mapping }}
{% set x = 1 %}{% set x.y = 2 %}
{% if x %}a{% elif messages %}b{% else %}c{% endif %}{% if x %}{% elif y %}{% endif %}{% if 0 %}{% else %}z{% endif %}
{% if true %}{% set v = 3 %}{% endif %}{{ v }}
{# a comment #}a{# b -#}   c  {#- d #}
{{ tools is none }}{{ documents is none }}{{ tools }}
{{ bos_token + 'a' + eos_token }}{{ pad_token is defined }}
{{ ['a', 'b'] + ['c'] | length }}
{{ (['a', 'b'] + ['c']) | length }}{{ ['a'] == ['a'] }}{{ [1, [2]] == [1, [2]] }}{{ messages[0] == messages[0] }}
{{ 'a' + 1 }}
{{ 1 // 0 }}
{{ x + 'a' }}
{{ messages[0]['role'][0] | upper ~ messages[0].role[1:] }}
{{ true }}{{ True }}{{ none }}{{ False }}
{{ 'a' | string | upper | lower | trim | length }}
{{ 9 | string + 'a' }}{{ ('a' | list)[0] }}
{{ (messages | last).content }}{{ messages | length > 1 and messages[1].role == 'assistant' }}
{{- 1 -}} 2 {{- 3 }} {{ 4 -}} 5
  {%- if true %}  a{% endif -%}  b
 {%+ if true %}  a{%+ endif %} b""".splitlines()

LAYOUTS = [
    "a\n  {% if true %}\n  b\n  {% endif %}\n  c",
    "a\n\n  {%- if true -%}\n\n  b\n  {%- endif -%}\n\n  c",
    "  {% if true %}x{% endif %}  \n  {{ 1 }}  \n{# c #}\n  {# d #}\ny",
    "a {% if true %}\n\n b{% endif %}\n",
    "a\r\n  {% if true %}\r\nb\r{% endif %}\n\n",
    "{% if true %}\n{% if true %}\n x\n{% endif %}\n{% endif %}\n",
    "\t{% if true %}\t\n\t{%- endif %} z\n\n",
    "a\n {%+ if true +%}\n b\n {%+ endif %}\n",
    "{{ 'x' }}\n   {% set y = 1 %}\n   {{ y }}\n",
    "a{#- c -#}\n\n b {#+ d +#}\n e",
    "{%- for i in [1,2] -%}\n {{ i }} \n {%- endfor -%}\n",
    "\u2003{% if true %}\u2003\n\x0c{% endif %}\x1c{%- if true %}{% endif %}",
    "{%if true%}tight{%endif%}{{'x'}}",
    "x {% if true -%}\n\n\n  {% endif %}\n   {% if true %}y{% endif %}",
    "{{ 1 }} } }} %} #} { {% if true %}{% endif %}",
    "",
    "\n",
    "only text\n\n",
]


def environment() -> jinja2.Environment:
    """Jinja2 as transformers sets it up."""

    def raise_exception(message: str) -> None:
        raise jinja2.exceptions.TemplateError(message)

    def tojson(x: Any, ensure_ascii: bool = False, indent: int | None = None) -> str:
        return json.dumps(x, ensure_ascii=ensure_ascii, indent=indent)

    made = ImmutableSandboxedEnvironment(trim_blocks=True, lstrip_blocks=True)
    made.filters["tojson"] = tojson
    made.globals["raise_exception"] = raise_exception
    made.globals["strftime_now"] = lambda f: datetime.datetime.now().strftime(f)
    return made


def render(template: str, messages: Messages) -> str | None:
    """What Jinja2 prints; None if it fails."""
    try:
        return (
            environment()
            .from_string(template)
            .render(
                messages=messages,
                add_generation_prompt=True,
                tools=None,
                documents=None,
                **TOKENS,
            )
        )
    except (jinja2.exceptions.TemplateError, TypeError, ZeroDivisionError, ValueError):
        return None


CONTENTS = [
    "Hello!",
    "  spaces around \n",
    "",
    "two\nlines\n\n",
    "Größe 🤖 日本",
    "\u2003\x1c\u00a0wide\u2028",
    "<|eot_id|>[INST] {{ bos_token }} {% if %}",
    "<think>\nhm\n</think>\n\nyes",
    "<tool>x</tool>",
    "\"quoted\" \\ and 'so'",
]


def conversations() -> list[Messages]:
    """Of all lengths, with a system message or without, in turns or not."""
    rng = random.Random("conversations")
    found = []
    for length in range(1, 7):
        for has_system in (False, True):
            roles = ["user", "assistant"] * length
            roles = ["system"] * has_system + roles[:length]
            found.append([{"role": r, "content": rng.choice(CONTENTS)} for r in roles])
    found += [[{"role": "user", "content": c}] for c in CONTENTS]
    found.append([{"role": "assistant", "content": "I begin."}])
    return found


class RandomTemplate:
    """A template of what is supported, printed with any layout."""

    def __init__(self, seed: object) -> None:
        self.rng = random.Random(f"template/{seed}")
        self.names = ["messages", "a", "b", "bos_token"]

    def value(self, depth: int) -> str:
        """A value; most of them can be computed."""
        rng = self.rng
        if depth <= 0 or rng.random() < 0.2:
            return rng.choice(
                ["'a'", "'Bc d'", "''", "1", "0", "7", "none", "true", "[]"]
                + ["messages[0].role", "messages[-1]['content']", *self.names]
                + ["messages|length", "[1, 'x']", "tools", "'é\\n'"]
            )
        x, y, z = (self.value(depth - rng.randint(1, 2)) for _ in range(3))
        return rng.choice(
            [f"{x} {op} {y}" for op in ("+", "~", "and", "or")]
            + [f"(({x}) {op} ({y}))" for op in ("==", "!=", "<", "in", "not in")]
            + [f"({x}) {op} ({y})" for op in ("-", "*", "//", "%", "~")]
            + [f"({x}) | {f}" for f in ("trim", "string", "length", "upper", "first")]
            + [f"(({x}) is {t})" for t in ("defined", "none", "string", "not iterable")]
            + [f"({x})[{y}]", f"({x})[({y}):]", f"({x})[:({y}):2]", f"not {x}"]
            + [f"({x} if {y} else {z})", f"({x} if {y})", f"-({x})", f"[{x}, {y}]"]
            + [f"(({x}) | default({y}, true))", f"({x}) | join({y})", f"({x}) | tojson"]
        )

    def tag(self, text: str) -> str:
        """A block with any signs and space."""
        begin, end = (self.rng.choice(["", "", "-"]) for _ in range(2))
        return f"{{%{begin} {text} {end}%}}"

    def space(self) -> str:
        return "".join(self.rng.choice(" \n\tx") for _ in range(self.rng.randint(0, 4)))

    def body(self, depth: int) -> str:
        """Some statements."""
        parts = (self.statement(depth) for _ in range(self.rng.randint(1, 3)))
        return self.space().join(["", *parts, ""])

    def statement(self, depth: int) -> str:
        rng, tag = self.rng, self.tag
        kind = rng.randint(0, 3 if depth > 0 else 1)
        value = self.value(rng.randint(0, 3))
        if kind == 0:
            signs = rng.choice(["{{ %s }}", "{{- %s }}", "{{ %s -}}"])
            return signs % f"({value}) | string"
        if kind == 1:
            return tag(f"set {rng.choice('ab')} = {value}")
        inner = self.body(depth - 1)
        if kind == 2:
            otherwise = tag("else") + self.body(depth - 1) if rng.random() < 0.5 else ""
            return tag(f"if {value}") + inner + otherwise + tag("endif")
        where = rng.choice(["messages", "'xyz'", "[1, 2]", value])
        inner += "{{ loop.index }}{{ c is string }}"
        return tag(f"for c in {where}") + inner + tag("endfor")

    def text(self) -> str:
        return self.body(3)
