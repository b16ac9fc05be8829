// Chat templates from text to text, and whatever else may come as one.

#include "bitnet/Import/ChatTemplate.h"

#include "bitnet/Runtime/ChatTable.h"
#include "bitnet/Runtime/ChatTemplate.h"

#include "gtest/gtest.h"
#include <chrono>
#include <random>

using namespace bitnet;
using runtime::ChatMessage;
using runtime::ChatTemplate;
using runtime::ChatText;
using runtime::Result;
using runtime::Text;

static runtime::Array<ChatMessage> conversation() {
  runtime::Array<ChatMessage> messages;
  messages.push({Text("system"), Text("Be brief.")});
  messages.push({Text("user"), Text(" <|end|> Grüße\n")});
  messages.push({Text("assistant"), Text("<think>\nhm\n</think>\n\nyes")});
  return messages;
}

/// What a table makes of the conversation; an error's text after "error: ".
static std::string rendered(const std::string &table) {
  // Aligned, as in a program.
  std::vector<uint64_t> aligned(table.size() / 8 + 1);
  std::memcpy(aligned.data(), table.data(), table.size());
  Result<ChatTemplate> made =
      ChatTemplate::create(aligned.data(), table.size());
  if (made.failed())
    return std::string("error: ") + made.message();
  Result<ChatText> text = made->render(conversation());
  if (text.failed())
    return std::string("error: ") + text.message();
  return std::string(text->data(), text->size());
}

static std::string compiled(llvm::StringRef source) {
  llvm::Expected<std::string> table = compileChatTemplate(source);
  if (!table)
    return "error: " + llvm::toString(table.takeError());
  return *table;
}

static std::string run(llvm::StringRef source) {
  std::string table = compiled(source);
  return llvm::StringRef(table).starts_with("error: ") ? table
                                                       : rendered(table);
}

/// A template with a bit of everything.
static constexpr char kTemplate[] = R"({%- set ns = namespace(n=0) %}
{%- if messages[0].role == 'system' %}
    {{- '<|system|>' ~ messages[0].content | trim ~ '<|end|>' }}
    {%- set messages = messages[1:] %}
{%- endif %}
{%- for message in messages %}
    {%- set ns.n = ns.n + loop.index0 * 2 - 1 %}
    {%- if '</think>' in message.content and not loop.last -%}
        {{ raise_exception('no thoughts') }}
    {%- elif message['role'] is string and message.x is not defined %}
        {{- '<|' + message.role + '|>' + message.content.split('</think>')[-1].strip('\n') }}
    {%- else %}{# never #}{{ message | tojson(indent=2) }}
    {%- endif %}
{{ loop.last ~ [1, none][-1] ~ (ns.n % 3 if ns.n >= 0 else 'x' | upper) }}
{% else %}
nothing
{% endfor %}
{% if add_generation_prompt %}{{ '<|assistant|>' | default('') }}{% endif %})";

TEST(ChatTemplate, PrintsWhatJinjaPrints) {
  EXPECT_EQ(run(kTemplate), "<|system|>Be brief.<|end|><|user|> <|end|> Grüße"
                            "FalseNoneX\n<|assistant|>yesTrueNone0\n"
                            "<|assistant|>");
}

TEST(ChatTemplate, KnowsWhoWroteWhat) {
  std::string table =
      compiled("{% for m in messages %}{{ '<|' ~ m.role ~ '|>' ~ "
               "m.content | trim }}{% endfor %}");
  std::vector<uint64_t> aligned(table.size() / 8 + 1);
  std::memcpy(aligned.data(), table.data(), table.size());
  Result<ChatTemplate> made =
      ChatTemplate::create(aligned.data(), table.size());
  ASSERT_FALSE(made.failed()) << made.message();
  Result<ChatText> text = made->render(conversation());
  ASSERT_FALSE(text.failed()) << text.message();
  std::string marks;
  for (size_t i = 0; i < text->size(); ++i)
    marks += text->isQuoted(i) ? 'q' : '.';
  EXPECT_EQ(marks, std::string(10, '.') + std::string(9, 'q') +
                       std::string(8, '.') + std::string(15, 'q') +
                       std::string(13, '.') + std::string(24, 'q'));
}

namespace {
struct Refusal {
  const char *source;
  const char *message; ///< a part of it
};
} // namespace

/// What the subset lacks, or nobody knows. `x` is an undefined variable.
static constexpr Refusal kRefusals[] = {
    {"{% macro f(a) %}{% endmacro %}", "line 1: unsupported statement 'macro'"},
    {"\n\n{% raw %}{% endraw %}", "line 3: unsupported statement 'raw'"},
    {"{% break %}", "unsupported statement 'break'"},
    {"{{ x | map('a') }}", "unsupported filter 'map'"},
    {"{{ x | items }}", "unsupported filter 'items'"},
    {"{{ x | 3 }}", "expected a filter"},
    {"{{ x is divisibleby 3 }}", "unsupported test 'divisibleby'"},
    {"{{ x is 3 }}", "expected a test"},
    {"{{ x is defined 3 }}", "unsupported: a value for the test 'defined'"},
    {"{{ x.items() }}", "unsupported method 'items'"},
    {"{{ x.items }}", "unsupported: '.items' without a call"},
    {"{{ x['keys'] }}", "unsupported: 'keys' as a key"},
    {"{{ range(3) }}", "unsupported function 'range'"},
    {"{{ f(3) }}", "unsupported function 'f'"},
    {"{{ dict }}", "unsupported function 'dict'"},
    {"{{ (x)(3) }}", "unsupported: a call of something that is no name"},
    {"{{ x[0](3) }}", "unsupported: a call of something that is no name"},
    {"{{ x | trim(chars='a') }}", "unsupported argument 'chars' of 'trim'"},
    {"{{ x | join(*y) }}", "unsupported: an argument with '*'"},
    {"{{ x | trim(1, 2) }}", "unsupported: the filter 'trim' with 2 values"},
    {"{{ x.split() }}", "unsupported: the method 'split' with 0 values"},
    {"{{ raise_exception() }}",
     "unsupported: the function 'raise_exception' with 0"},
    {"{{ namespace(x) }}", "unsupported: a namespace of something"},
    {"{{ 1, 2 }}", "unsupported: a tuple"},
    {"{{ () }}", "unsupported: a tuple"},
    {"{{ {} }}", "unsupported: a mapping"},
    {"{{ 1 < 2 < 3 }}", "unsupported: comparisons in a chain"},
    {"{{ 1 / 2 }}", "unsupported operator '/'"},
    {"{{ 2 ** 2 }}", "unsupported operator '**'"},
    {"{{ +1 }}", "unsupported operator '+' without a value before it"},
    {"{{ 1.5 }}", "unsupported: a number with a fraction"},
    {"{{ 0x10 }}", "unsupported number '0x'"},
    {"{{ 1234567890 }}", "unsupported number '1234567890"},
    {"{{ '\\U0001f600' }}", "unsupported escape '\\U'"},
    {"{{ '\\101' }}", "unsupported escape '\\1'"},
    {"{{ x.'a' }}", "expected the name of a field"},
    {"{{ x[] }}", "expected a value"},
    {"{{ x", "line 1: what begins here has no end"},
    {"{{ 'x }}", "a string has no end"},
    {"{# x", "a comment has no end"},
    {"{{ x ! y }}", "unexpected character '!'"},
    {"{{ }}", "expected a value"},
    {"{% 3 %}", "expected a statement, found '3'"},
    {"{{ [1 2] }}", "expected ',', found '2'"},
    {"{{ (1 }}", "expected ')', found '}}'"},
    {"{{ 1 2 }}", "expected '}}', found '2'"},
    {"{{ 1 'a' }}", "expected '}}', found a string"},
    {"{% if x %}", "expected 'endif', found the end"},
    {"{% for x in y %}", "expected 'endfor', found the end"},
    {"{% if x y %}", "expected '%}', found 'y'"},
    {"{% for a, b in c %}", "unsupported: several variables of one loop"},
    {"{% for a in b if c %}", "unsupported: 'if' of a loop"},
    {"{% for 3 in b %}", "expected a variable, found '3'"},
    {"{% for a in b %}{{ loop.cycle(1) }}{% endfor %}",
     "unsupported field 'cycle' of a loop"},
    {"{% set x %}a{% endset %}", "unsupported: 'set' without a value"},
    {"{% set a, b = c %}", "unsupported: a tuple"},
    {"{% set loop = 1 %}", "expected a variable, found 'loop'"},
    {"{% set x.3 = 1 %}", "expected a name, found '3'"},
    {"{% set x + 1 %}", "expected '=', found '+'"},
};

TEST(ChatTemplate, RefusesByName) {
  for (const Refusal &refusal : kRefusals) {
    std::string text = compiled(refusal.source);
    EXPECT_EQ(text.rfind("error: line ", 0), 0u) << refusal.source;
    EXPECT_NE(text.find(refusal.message), std::string::npos)
        << refusal.source << ": " << text;
  }
  std::string deep = std::string(300, '(') + "1" + std::string(300, ')');
  EXPECT_EQ(compiled("{{ " + deep + " }}"), "error: line 1: nested too deeply");
  std::string sum = "1";
  for (int i = 0; i < 600; ++i)
    sum += " + 1";
  EXPECT_EQ(compiled("{{ " + sum + " }}"), "error: line 1: nested too deeply");
}

/// What only the values show.
static constexpr Refusal kFailures[] = {
    {"{{ messages }}", "the chat template prints a list, which is no text"},
    {"{{ x.y }}", "the chat template wants a field of an undefined value"},
    {"{{ x[0] }}", "the chat template wants an item of an undefined value"},
    {"{{ 5 | length }}", "the chat template wants the length of an integer"},
    {"{% for a in none %}{% endfor %}",
     "the chat template wants the items of none"},
    {"{{ x[1:] }}", "the chat template wants a slice of an undefined value"},
    {"{{ 'a'['b':] }}", "the chat template slices at a string"},
    {"{{ 'a'[::0] }}", "the chat template makes a slice of steps of 0"},
    {"{{ 'é' | upper }}", "the chat template changes the case of a text that "
                          "is not ASCII, which is not supported"},
    {"{{ 'a'.split('') }}", "the chat template looks for an empty text"},
    {"{{ (1).strip() }}", "the chat template wants text and found an integer"},
    {"{{ 'a'.get('b') }}",
     "the chat template wants a mapping and found a string"},
    {"{{ 1 | tojson(indent='a') }}",
     "the chat template indents JSON by a string"},
    {"{{ x | tojson }}", "the chat template makes JSON of an undefined value"},
    {"{{ 'a' is odd }}", "the chat template asks whether a string is odd"},
    {"{{ raise_exception('so') }}",
     "the chat template refuses the conversation: so"},
    {"{% set x.y = 1 %}",
     "the chat template sets a field of an undefined value"},
    {"{{ -'a' }}", "the chat template negates a string"},
    {"{{ 1 in 'a' }}", "the chat template looks for an integer in a string"},
    {"{{ 'a' + 1 }}",
     "the chat template computes with a string and an integer, which"},
    {"{% set n = namespace(a='xxxxxxxxxxxxxxxx') %}{% for a in "
     "'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa' %}{% set n.a = n.a + n.a %}{% endfor "
     "%}",
     "the chat template does not come to an end"},
};

TEST(ChatTemplate, SaysWhyItCannotPrint) {
  for (const Refusal &failure : kFailures) {
    std::string text = run(failure.source);
    EXPECT_EQ(text.rfind(std::string("error: ") + failure.message, 0), 0u)
        << failure.source << ": " << text;
  }
}

/// One damaged copy: bytes and pieces changed, left out, or doubled.
static std::string mutated(std::string text, std::mt19937 &random) {
  static const std::string kPieces[] = {"{%",
                                        "%}",
                                        "{{",
                                        "}}",
                                        "{#",
                                        "-%}",
                                        "'",
                                        "(",
                                        "[",
                                        "]",
                                        "|",
                                        "loop.",
                                        " if ",
                                        " else ",
                                        " is ",
                                        "not ",
                                        "{% for a in 'abcdefgh' %}",
                                        "{% endfor %}",
                                        "{% endif %}",
                                        "\\",
                                        "\xff",
                                        "\n",
                                        ":",
                                        "999999999",
                                        "~",
                                        "- ",
                                        "messages"};
  auto upTo = [&](size_t limit) { return size_t(random() % (limit + 1)); };
  for (size_t count = 1 + upTo(4); count; --count) {
    size_t at = upTo(text.size()), size = upTo(12);
    switch (random() % 4) {
    case 0:
      text.erase(at, size);
      break;
    case 1:
      text.insert(at, kPieces[random() % std::size(kPieces)]);
      break;
    case 2:
      text.insert(at, text.substr(upTo(text.size()), 10 * size));
      break;
    default:
      if (at < text.size())
        text[at] = char(random());
    }
  }
  return text;
}

TEST(ChatTemplate, SurvivesDamagedTemplates) {
  std::mt19937 random(1);
  size_t worked = 0;
  for (int i = 0; i < 2000; ++i) {
    std::string source = mutated(kTemplate, random);
    auto start = std::chrono::steady_clock::now();
    std::string text = run(source);
    std::chrono::duration<double> time =
        std::chrono::steady_clock::now() - start;
    EXPECT_LT(time.count(), 20) << source;
    worked += text.rfind("error: ", 0) != 0;
  }
  EXPECT_GT(worked, 100u); // so that there is something to render
  EXPECT_LT(worked, 1900u);
}

TEST(ChatTemplate, SurvivesDamagedTables) {
  std::string table = compiled(kTemplate);
  std::mt19937 random(2);
  for (int i = 0; i < 2000; ++i) {
    std::string damaged = table;
    for (size_t count = 1 + random() % 3; count; --count)
      damaged[sizeof(runtime::ChatHeader) * (random() % 2) +
              random() % (damaged.size() - sizeof(runtime::ChatHeader))] ^=
          char(1 << random() % 8);
    rendered(damaged);
  }
  EXPECT_EQ(rendered(table.substr(0, 8)),
            "error: the chat template's table has no header");
  EXPECT_EQ(rendered("x" + table.substr(1)),
            "error: the chat template's table is of another version");
  EXPECT_EQ(rendered(table + "x"),
            "error: the chat template's table is damaged");
}

/// A table whose node of this kind was changed.
static std::string renderedWith(std::string table, runtime::ChatOp op,
                                void (*change)(runtime::ChatNode &node)) {
  auto *header = reinterpret_cast<runtime::ChatHeader *>(table.data());
  auto *nodes = reinterpret_cast<runtime::ChatNode *>(table.data() +
                                                      header->nodes.offset);
  for (uint32_t i = 0; i < header->nodes.count; ++i)
    if (nodes[i].op == op)
      change(nodes[i]);
  return rendered(table);
}

TEST(ChatTemplate, SurvivesTablesThatMakeNoSense) {
  EXPECT_EQ(renderedWith(compiled("x"), runtime::ChatOp::Write,
                         [](runtime::ChatNode &node) {
                           node.op = runtime::ChatOp::Integer;
                         }),
            "error: the chat template's table has a value for a statement");
  EXPECT_EQ(
      renderedWith(compiled("{{ 'a' | trim }}"), runtime::ChatOp::Apply,
                   [](runtime::ChatNode &node) { node.children.count = 0; }),
      "error: the chat template calls a function with 0 values");
}
