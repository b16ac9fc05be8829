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
