// .npz archives: stored, deflated, ZIP64, and damaged ones.

#include "bitnet/Runtime/NumPy.h"

#include <fstream>
#include <gtest/gtest.h>
#include <random>
#include <string>
#include <unistd.h>
#include <zlib.h>

using namespace bitnet::runtime;

static Bytes bytesOf(const std::string &text) {
  return {reinterpret_cast<const uint8_t *>(text.data()), text.size()};
}

static std::string little(uint64_t value, int size) {
  std::string text;
  for (int i = 0; i < size; ++i)
    text += char(value >> 8 * i & 255);
  return text;
}

static std::string deflated(const std::string &text) {
  z_stream stream = {};
  deflateInit2(&stream, 9, Z_DEFLATED, -MAX_WBITS, 8, Z_DEFAULT_STRATEGY);
  std::string packed(deflateBound(&stream, text.size()), 0);
  std::string input = text; // zlib wants it not const
  stream.next_in = reinterpret_cast<Bytef *>(input.data());
  stream.avail_in = text.size();
  stream.next_out = reinterpret_cast<Bytef *>(packed.data());
  stream.avail_out = packed.size();
  deflate(&stream, Z_FINISH);
  packed.resize(stream.total_out);
  deflateEnd(&stream);
  return packed;
}

namespace {
struct Fields {
  int method = 0;
  uint64_t size;
  uint32_t crc;
  int flags = 0;
  std::string name = "x.npy";
};
} // namespace

/// A file of one entry in the old 32-bit form, as `zip` writes it.
static std::string zipOf(const std::string &packed, const Fields &fields,
                         const std::string &comment = "") {
  std::string common =
      little(20, 2) + little(fields.flags, 2) + little(fields.method, 2) +
      little(0, 4) + little(fields.crc, 4) + little(packed.size(), 4) +
      little(fields.size, 4) + little(fields.name.size(), 2) + little(0, 2);
  std::string local = "PK\3\4" + common + fields.name + packed;
  std::string central = "PK\1\2" + little(20, 2) + common + little(0, 2) +
                        little(0, 2) + little(0, 2) + little(0, 4) +
                        little(0, 4) + fields.name;
  return local + central + "PK\5\6" + little(0, 4) + little(1, 2) +
         little(1, 2) + little(central.size(), 4) + little(local.size(), 4) +
         little(comment.size(), 2) + comment;
}

static std::string array(int size) {
  Shape shape;
  shape.push(size);
  Text header = npyHeader(BITNET_U8, shape);
  return std::string(header.c_str(), header.size()) + std::string(size, 'x');
}

static Fields fieldsOf(const std::string &content, int method) {
  Fields fields;
  fields.method = method;
  fields.size = content.size();
  fields.crc =
      crc32(0, reinterpret_cast<const Bytef *>(content.data()), content.size());
  return fields;
}

static std::string messageOf(const std::string &file) {
  Result<Array<NamedTensor>> result = parseNpz(bytesOf(file));
  EXPECT_TRUE(result.failed());
  return result.message();
}

TEST(Npz, ReadsStoredAndDeflatedEntries) {
  std::string content = array(1000);
  for (int method : {0, 8}) {
    std::string packed = method ? deflated(content) : content;
    for (const char *comment : {"", "a comment"}) {
      Result<Array<NamedTensor>> result =
          parseNpz(bytesOf(zipOf(packed, fieldsOf(content, method), comment)));
      ASSERT_FALSE(result.failed()) << result.message();
      ASSERT_EQ(result->size(), 1u);
      EXPECT_STREQ((*result)[0].name.c_str(), "x");
      EXPECT_EQ((*result)[0].tensor.elements(), 1000);
      EXPECT_EQ(static_cast<char *>((*result)[0].tensor.data())[999], 'x');
    }
  }
}

TEST(Npz, WritesWhatItReads) {
  std::string path = testing::TempDir() + "npz-round-trip-" +
                     std::to_string(getpid()) + ".npz";
  Shape shape;
  shape.push(3);
  Result<Tensor> first = Tensor::zeros(BITNET_I64, shape);
  Result<Tensor> second = Tensor::zeros(BITNET_F16, Shape());
  first->fill(7);
  Array<NamedView> views;
  views.push({"a/b", &*first});
  views.push({"c", &*second});
  Status status = writeNpz(path.c_str(), views);
  ASSERT_FALSE(status.failed()) << status.message();
  Result<Array<NamedTensor>> again = readNpz(path.c_str());
  ASSERT_FALSE(again.failed()) << again.message();
  ASSERT_EQ(again->size(), 2u);
  EXPECT_STREQ((*again)[0].name.c_str(), "a/b");
  EXPECT_EQ(static_cast<int64_t *>((*again)[0].tensor.data())[2], 7);
  EXPECT_EQ((*again)[1].tensor.type, BITNET_F16);
  unlink(path.c_str());
}

TEST(Npz, ReplacesAFileOnlyWhenComplete) {
  std::string path =
      testing::TempDir() + "npz-replace-" + std::to_string(getpid()) + ".npz";
  std::ofstream(path) << "old";
  ASSERT_FALSE(writeNpz(path.c_str(), Array<NamedView>()).failed());
  Result<Array<NamedTensor>> again = readNpz(path.c_str());
  ASSERT_FALSE(again.failed()) << again.message();
  EXPECT_TRUE(again->empty());
  unlink(path.c_str());
}

TEST(Npz, RefusesWhatIsMalformed) {
  std::string content = array(100);
  Fields fields = fieldsOf(content, 0);
  std::string file = zipOf(content, fields);
  EXPECT_EQ(messageOf(""), "not a .npz file");
  EXPECT_EQ(messageOf(file.substr(0, file.size() - 1)), "not a .npz file");
  EXPECT_EQ(messageOf(file.substr(1)), "malformed archive: bad directory");

  fields.crc ^= 1;
  EXPECT_EQ(messageOf(zipOf(content, fields)),
            "'x': malformed archive: wrong checksum");
  fields = fieldsOf(content, 0);
  fields.flags = 1;
  EXPECT_EQ(messageOf(zipOf(content, fields)),
            "'x': encrypted archives are not supported");
  fields = fieldsOf(content, 12);
  EXPECT_EQ(messageOf(zipOf(content, fields)),
            "'x': compression method 12 is not supported");
  fields = fieldsOf(content, 8);
  EXPECT_EQ(messageOf(zipOf(content, fields)),
            "'x': malformed archive: bad compressed data");
  fields = fieldsOf(content, 0);
  fields.name = "x.txt";
  EXPECT_EQ(messageOf(zipOf(content, fields)),
            "entry 'x.txt' is not a .npy file");
}

/// The record at the end of an archive; the largest values stand for ZIP64.
static std::string endOf(uint64_t entries, uint64_t size, uint64_t offset) {
  return "PK\5\6" + little(0, 4) + little(entries, 2) + little(entries, 2) +
         little(size, 4) + little(offset, 4) + little(0, 2);
}

TEST(Npz, RefusesWhatPointsElsewhere) {
  EXPECT_EQ(messageOf(endOf(0xffff, 0, 0)),
            "malformed archive: no ZIP64 locator");
  std::string locator = "PK\6\7" + little(0, 4) + little(0, 8) + little(1, 4);
  EXPECT_EQ(messageOf(locator + endOf(0xffff, 0, 0)),
            "malformed archive: no ZIP64 record");
  EXPECT_EQ(messageOf(endOf(1, 46, 100)),
            "malformed archive: its directory is not in the file");

  std::string content = array(100);
  const std::string file = zipOf(content, fieldsOf(content, 0));
  std::string damaged = file;
  damaged[0] = 'X';
  EXPECT_EQ(messageOf(damaged), "'x': malformed archive: no local header");
  damaged = file;
  damaged.replace(26, 2, "\xff\xff"); // the length of the name
  EXPECT_EQ(messageOf(damaged), "'x': malformed archive: truncated entry");
  damaged = file;
  damaged[file.find("PK\1\2") + 22] = 1; // 65,536 bytes more
  EXPECT_EQ(messageOf(damaged), "malformed archive: its entries overlap");
}

TEST(Npz, DoesNotBelieveAbsurdSizes) {
  std::string content = array(100), packed = deflated(content);
  Fields fields = fieldsOf(content, 8);
  fields.size = 0xfffffff0;
  EXPECT_EQ(messageOf(zipOf(packed, fields)),
            "'x': malformed archive: " + std::to_string(packed.size()) +
                " bytes cannot hold 4294967280");
  fields.method = 0;
  EXPECT_EQ(messageOf(zipOf(packed, fields)),
            "'x': malformed archive: " + std::to_string(packed.size()) +
                " bytes cannot hold 4294967280");
}

TEST(Npz, SurvivesMutation) {
  std::string content = array(100);
  std::mt19937 random(2);
  int readable = 0;
  for (int i = 0; i < 2000; ++i) {
    int method = i % 2 ? 8 : 0;
    std::string file =
        zipOf(method ? deflated(content) : content, fieldsOf(content, method));
    for (int n = random() % 3; n >= 0; --n)
      file[random() % file.size()] = char(random());
    if (i % 5 == 0)
      file.resize(random() % file.size());
    if (i % 7 == 0)
      file.insert(random() % (file.size() + 1), std::string(random() % 9, 'y'));
    readable += !parseNpz(bytesOf(file)).failed();
  }
  EXPECT_GT(readable, 0);
}
