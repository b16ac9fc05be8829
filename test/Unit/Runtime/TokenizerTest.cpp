// Tokenizers from tables that are written here by hand. That they are equal to
// Hugging Face's is tested in test/Integration/test_tokenizer.py.

#include "bitnet/Runtime/Tokenizer.h"
#include "bitnet/Runtime/TokenizerTable.h"

#include <gtest/gtest.h>
#include <string>
#include <vector>

using namespace bitnet::runtime;

namespace {

/// The parts of a table, to be changed by a test.
struct Table {
  TokenizerHeader header = {};
  std::string strings;
  std::vector<TableToken> tokens;
  std::vector<uint32_t> tokenSlots = std::vector<uint32_t>(64);
  std::vector<TableMerge> merges;
  std::vector<uint32_t> mergeSlots = std::vector<uint32_t>(64);
  std::vector<TableAddedToken> added;
  std::vector<TableStep> normalizer, preTokenizer;
  std::vector<uint32_t> before, after;

  Table() {
    std::memcpy(header.magic, kTokenizerMagic, sizeof(header.magic));
    header.version = kTokenizerVersion;
    header.unknown = header.begin = header.end = kNone;
  }

  TableString intern(const std::string &text) {
    strings += text;
    return {uint32_t(strings.size() - text.size()), uint32_t(text.size())};
  }

  static void insert(std::vector<uint32_t> &slots, uint32_t hash,
                     size_t value) {
    size_t slot = hash % slots.size();
    while (slots[slot])
      slot = (slot + 1) % slots.size();
    slots[slot] = uint32_t(value);
  }

  void addToken(const std::string &text, const std::string &shown,
                uint32_t flags = 0) {
    tokens.push_back({flags | TableToken::Exists, intern(text), intern(shown)});
    insert(tokenSlots, hashToken(text.data(), text.size()), tokens.size());
  }

  void addMerge(uint32_t left, uint32_t right, uint32_t result) {
    merges.push_back({left, right, result});
    insert(mergeSlots, hashMerge(left, right), merges.size());
  }

  void addStep(StepKind kind, const std::string &first, uint32_t flags = 0) {
    preTokenizer.push_back(
        {kind, flags, SplitBehavior::Isolated, intern(first), {}});
  }

  template <typename T>
  static TableSection append(std::string &bytes, const std::vector<T> &items) {
    TableSection section = {uint32_t(bytes.size()), uint32_t(items.size())};
    bytes.append(reinterpret_cast<const char *>(items.data()),
                 items.size() * sizeof(T));
    return section;
  }

  std::string bytes() {
    std::string result(sizeof(header), '\0');
    header.tokens = append(result, tokens);
    header.tokenSlots = append(result, tokenSlots);
    header.merges = append(result, merges);
    header.mergeSlots = append(result, mergeSlots);
    header.added = append(result, added);
    header.normalizer = append(result, normalizer);
    header.preTokenizer = append(result, preTokenizer);
    header.before = append(result, before);
    header.after = append(result, after);
    header.strings = {uint32_t(result.size()), uint32_t(strings.size())};
    result += strings;
    header.size = uint32_t(result.size());
    std::memcpy(result.data(), &header, sizeof(header));
    return result;
  }
};

/// a, b, ab, aba, and the special <s>.
Table smallTable() {
  Table table;
  for (const char *text : {"a", "b", "ab", "aba"})
    table.addToken(text, text);
  table.addMerge(0, 1, 2);
  table.addMerge(2, 0, 3);
  table.tokens.push_back({TableToken::Exists | TableToken::Hidden,
                          table.intern("<s>"), table.intern("<s>")});
  table.added.push_back({4, 0, table.intern("<s>")});
  table.header.begin = 4;
  return table;
}

std::vector<int64_t> encode(const Tokenizer &tokenizer, const std::string &text,
                            bool addSpecial = false) {
  Result<Array<int64_t>> ids =
      tokenizer.encode(text.data(), text.size(), addSpecial);
  EXPECT_FALSE(ids.failed()) << ids.message();
  return std::vector<int64_t>(ids->begin(), ids->end());
}

/// What comes out after each id, and at the end.
std::vector<std::string> decode(const Tokenizer &tokenizer,
                                const std::vector<int64_t> &ids,
                                bool showSpecial = false) {
  TextStream stream(tokenizer, showSpecial);
  std::vector<std::string> parts;
  for (int64_t id : ids)
    parts.push_back(stream.push(id).c_str());
  parts.push_back(stream.finish().c_str());
  return parts;
}

using Ids = std::vector<int64_t>;
using Parts = std::vector<std::string>;

std::string whyNot(const std::string &bytes) {
  Result<Tokenizer> tokenizer = Tokenizer::create(bytes.data(), bytes.size());
  return tokenizer.failed() ? tokenizer.message() : "";
}

} // namespace

TEST(Tokenizer, MergesTheLowestRankFirst) {
  std::string bytes = smallTable().bytes();
  Tokenizer tokenizer =
      std::move(*Tokenizer::create(bytes.data(), bytes.size()));
  EXPECT_EQ(encode(tokenizer, "ab"), Ids({2}));
  EXPECT_EQ(encode(tokenizer, "aba"), Ids({3}));
  EXPECT_EQ(encode(tokenizer, "abab"), Ids({2, 2}));
  EXPECT_EQ(encode(tokenizer, "ababa"), Ids({2, 3}));
  EXPECT_EQ(encode(tokenizer, "bb?a"), Ids({1, 1, 0}));
  EXPECT_EQ(encode(tokenizer, ""), Ids());
}

TEST(Tokenizer, FindsAddedTokens) {
  Table table = smallTable();
  table.before = {4};
  std::string bytes = table.bytes();
  Tokenizer tokenizer =
      std::move(*Tokenizer::create(bytes.data(), bytes.size()));
  EXPECT_EQ(encode(tokenizer, "a<s>b"), Ids({0, 4, 1}));
  EXPECT_EQ(encode(tokenizer, "a", /*addSpecial=*/true), Ids({4, 0}));
  EXPECT_EQ(tokenizer.size(), 5);
  EXPECT_EQ(*tokenizer.find("<s>"), 4);
  EXPECT_EQ(*tokenizer.find("aba"), 3);
  EXPECT_FALSE(tokenizer.find("<t>"));
  EXPECT_EQ(*tokenizer.bos(), 4);
  EXPECT_FALSE(tokenizer.eos());
  EXPECT_TRUE(tokenizer.has(4));
  EXPECT_FALSE(tokenizer.has(5));
  EXPECT_FALSE(tokenizer.has(-1));
}

TEST(Tokenizer, KnowsCharactersThatAreNewerThanPCRE2) {
  Table table;
  table.addToken("\xF0\xB1\x8D\x90", ""); // U+31350, of Unicode 15
  table.addToken("a", "a");
  table.addToken("a\xF0\xB1\x8D\x90", "");
  table.addMerge(1, 0, 2);
  table.addStep(StepKind::Split, "\\p{L}+", TableStep::IsRegex);
  std::string bytes = table.bytes();
  Tokenizer tokenizer =
      std::move(*Tokenizer::create(bytes.data(), bytes.size()));
  EXPECT_EQ(encode(tokenizer, "a\xF0\xB1\x8D\x90"), Ids({2}));
}

TEST(Tokenizer, SaysThatAPatternFails) {
  Table table = smallTable();
  table.addStep(StepKind::Split, "(?:a+)+b", TableStep::IsRegex);
  std::string bytes = table.bytes();
  Tokenizer tokenizer =
      std::move(*Tokenizer::create(bytes.data(), bytes.size()));
  std::string text = std::string(60, 'a') + "cb";
  Result<Array<int64_t>> ids = tokenizer.encode(text.data(), text.size(), true);
  ASSERT_TRUE(ids.failed());
  EXPECT_STREQ(ids.message(), "a pattern of the tokenizer failed on the text "
                              "(PCRE2 error -47)");
}

TEST(TextStream, ShowsWholeCharacters) {
  Table table;
  table.header.decoder = DecoderKind::Bytes;
  table.addToken("1", "\xE2\x82");
  table.addToken("2", "\xAC!");
  table.addToken("3", "x");
  table.addToken("4", "<s>", TableToken::Hidden);
  std::string bytes = table.bytes();
  Tokenizer tokenizer =
      std::move(*Tokenizer::create(bytes.data(), bytes.size()));
  EXPECT_EQ(decode(tokenizer, {0, 1, 2}), Parts({"", "\u20ac!", "x", ""}));
  EXPECT_EQ(decode(tokenizer, {0, 2}), Parts({"", "\ufffdx", ""}));
  EXPECT_EQ(decode(tokenizer, {0}), Parts({"", "\ufffd"}));
  EXPECT_EQ(decode(tokenizer, {2, 3, 99, -1}), Parts({"x", "", "", "", ""}));
  EXPECT_EQ(decode(tokenizer, {3}, /*showSpecial=*/true), Parts({"<s>", ""}));
}

TEST(TextStream, ShowsRunsOfBytesAsAWhole) {
  Table table;
  table.header.decoder = DecoderKind::Pieces;
  table.header.character = ' ';
  table.header.count = 1;
  table.addToken("1", "\xC3", TableToken::IsByte);
  table.addToken("2", "\xA9", TableToken::IsByte);
  table.addToken("3", "  x");
  std::string bytes = table.bytes();
  Tokenizer tokenizer =
      std::move(*Tokenizer::create(bytes.data(), bytes.size()));
  EXPECT_EQ(decode(tokenizer, {2, 0, 1, 2}),
            Parts({" x", "", "", "\u00e9  x", ""}));
  EXPECT_EQ(decode(tokenizer, {0, 1, 0, 2}),
            Parts({"", "", "", "\ufffd\ufffd\ufffd  x", ""}));
  EXPECT_EQ(decode(tokenizer, {0, 1}), Parts({"", "", "\u00e9"}));
}

TEST(TextStream, PutsSpacesBack) {
  Table table;
  table.header.decoder = DecoderKind::Metaspace;
  table.header.character = 0x2581;
  table.header.count = 1;
  table.addToken("\u2581x", "\u2581x");
  std::string bytes = table.bytes();
  Tokenizer tokenizer =
      std::move(*Tokenizer::create(bytes.data(), bytes.size()));
  EXPECT_EQ(decode(tokenizer, {0, 0}), Parts({"x", " x", ""}));
  table.header.decoder = DecoderKind::Joined;
  bytes = table.bytes();
  tokenizer = std::move(*Tokenizer::create(bytes.data(), bytes.size()));
  EXPECT_EQ(decode(tokenizer, {0, 0}), Parts({"\u2581x", " \u2581x", ""}));
}

TEST(TokenTable, IsCheckedFromEndToEnd) {
  Table table = smallTable();
  std::string bytes = table.bytes();
  EXPECT_EQ(whyNot(bytes), "");
  EXPECT_EQ(whyNot(""), "the tokenizer's table is damaged: it has no header");
  EXPECT_EQ(whyNot(bytes.substr(0, bytes.size() - 1)),
            "the tokenizer's table is damaged: it is cut");
  EXPECT_EQ(whyNot("B" + bytes.substr(1)),
            "the tokenizer's table is damaged: it is none");
  table.header.version = 2;
  EXPECT_EQ(whyNot(table.bytes()),
            "the tokenizer's table has version 2, wanted 1");
  table = smallTable();
  table.addStep(StepKind::Split, "(", TableStep::IsRegex);
  EXPECT_EQ(whyNot(table.bytes()), "the tokenizer's table is damaged: PCRE2 "
                                   "does not compile a pattern (error 114)");
}

TEST(TokenTable, HasNothingOutOfRange) {
  std::vector<void (*)(Table &)> damages = {
      [](Table &table) { table.header.unknown = 5; },
      [](Table &table) { table.header.begin = 5; },
      [](Table &table) { table.header.decoder = DecoderKind(4); },
      [](Table &table) { table.header.character = 0x110000; },
      [](Table &table) { table.tokens[0].text.size = 1000; },
      [](Table &table) { table.tokens[0].shown.offset = 1000; },
      [](Table &table) { table.addToken("bytes", "xy", TableToken::IsByte); },
      [](Table &table) { table.tokenSlots[0] = 6; },
      [](Table &table) { table.tokenSlots.resize(63); },
      [](Table &table) { table.tokenSlots.clear(); },
      [](Table &table) { table.mergeSlots.assign(64, 1); },
      [](Table &table) { table.merges[0].result = 5; },
      [](Table &table) { table.added[0].id = 5; },
      [](Table &table) { table.added[0].pattern.size = 0; },
      [](Table &table) { table.addStep(StepKind::Split, ""); },
      [](Table &table) { table.addStep(StepKind(5), "a"); },
      [](Table &table) { table.before = {5}; },
      [](Table &table) { table.after = {5}; },
  };
  for (auto *damage : damages) {
    Table table = smallTable();
    damage(table);
    EXPECT_EQ(whyNot(table.bytes()), "the tokenizer's table is damaged: a part "
                                     "of it is out of range");
  }
}

// Any byte may be wrong: what is refused or used, but never a crash.
TEST(TokenTable, SurvivesAnyByte) {
  Table table = smallTable();
  table.addStep(StepKind::Split, "a+", TableStep::IsRegex);
  table.addStep(StepKind::MapBytes, "");
  std::string bytes = table.bytes();
  for (size_t i = 0; i < bytes.size(); ++i)
    for (int bit = 0; bit < 8; ++bit) {
      std::string damaged = bytes;
      damaged[i] = char(damaged[i] ^ 1 << bit);
      Result<Tokenizer> tokenizer =
          Tokenizer::create(damaged.data(), damaged.size());
      if (tokenizer.failed())
        continue;
      (void)tokenizer->encode("ab<s>aba b", 10, true).failed();
      decode(*tokenizer, {0, 1, 2, 3, 4, 5});
    }
}

TEST(LinkedTokenizer, IsMissing) {
  EXPECT_STREQ(linkedTokenizer().message(),
               "the model was compiled without a tokenizer; compile it with "
               "--tokenizer tokenizer.json");
}
