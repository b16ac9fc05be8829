// .npy files: what NumPy writes, what it may not contain, and damage.

#include "bitnet/Runtime/NumPy.h"

#include <fstream>
#include <gtest/gtest.h>
#include <random>
#include <string>
#include <unistd.h>

using namespace bitnet::runtime;

static Bytes bytesOf(const std::string &text) {
  return {reinterpret_cast<const uint8_t *>(text.data()), text.size()};
}

/// A file with such a dictionary, as version `major`.
static std::string npyOf(const std::string &dict, const std::string &data,
                         int major = 1) {
  std::string file = "\x93NUMPY";
  file += char(major);
  file += char(0);
  for (int i = 0; i < (major == 1 ? 2 : 4); ++i)
    file += char(dict.size() >> 8 * i & 255);
  return file + dict + data;
}

static std::string dictOf(const std::string &descr, const std::string &shape,
                          const char *order = "False") {
  return "{'descr': '" + descr + "', 'fortran_order': " + order +
         ", 'shape': " + shape + ", }\n";
}

static std::string messageOf(const std::string &file) {
  Result<Tensor> result = parseNpy(bytesOf(file));
  EXPECT_TRUE(result.failed());
  return result.message();
}

TEST(Npy, ReadsAllVersions) {
  for (int major : {1, 2, 3}) {
    Result<Tensor> result =
        parseNpy(bytesOf(npyOf(dictOf("|u1", "(2, 3)"), "abcdef", major)));
    ASSERT_FALSE(result.failed()) << result.message();
    EXPECT_EQ(result->type, BITNET_U8);
    EXPECT_STREQ(result->shape.text().c_str(), "2x3");
    EXPECT_EQ(static_cast<char *>(result->data())[5], 'f');
  }
}

TEST(Npy, ReadsEveryType) {
  const std::pair<const char *, bitnet_type> types[] = {
      {"<f4", BITNET_F32}, {"<f2", BITNET_F16}, {"<V2", BITNET_BF16},
      {"<f8", BITNET_F64}, {"|i1", BITNET_I8},  {"<i2", BITNET_I16},
      {"<i4", BITNET_I32}, {"<i8", BITNET_I64}, {"|u1", BITNET_U8},
      {"<u2", BITNET_U16}, {"<u4", BITNET_U32}, {"<u8", BITNET_U64},
      {"|b1", BITNET_BOOL}};
  for (const auto &[descr, type] : types) {
    std::string file = npyOf(dictOf(descr, "()"), std::string(sizeOf(type), 1));
    Result<Tensor> result = parseNpy(bytesOf(file));
    ASSERT_FALSE(result.failed()) << result.message();
    EXPECT_EQ(result->type, type);
    EXPECT_EQ(result->shape.rank, 0);
    // And NumPy's own spelling comes back.
    Text header = npyHeader(type, result->shape);
    EXPECT_NE(std::string(header.c_str(), header.size()).find(descr),
              std::string::npos);
  }
}

// NumPy itself writes void types with '|'.
TEST(Npy, ReadsBF16WithoutByteOrder) {
  Result<Tensor> result = parseNpy(bytesOf(npyOf(dictOf("|V2", "()"), "ab")));
  ASSERT_FALSE(result.failed()) << result.message();
  EXPECT_EQ(result->type, BITNET_BF16);
}

TEST(Npy, WritesBF16AsFloats) {
  Result<Tensor> halves = Tensor::zeros(BITNET_BF16, {});
  static_cast<uint16_t *>(halves->data())[0] = 0xc020;
  Result<Tensor> written = forNumPy(std::move(*halves));
  ASSERT_FALSE(written.failed());
  EXPECT_EQ(written->type, BITNET_F32);
  EXPECT_EQ(written->floatAt(0), -2.5);
  EXPECT_EQ(forNumPy(std::move(*Tensor::zeros(BITNET_F16, {})))->type,
            BITNET_F16);
}

TEST(Npy, TransposesFortranOrder) {
  std::string file = npyOf(dictOf("|u1", "(2, 3)", "True"), "adbecf");
  Result<Tensor> result = parseNpy(bytesOf(file));
  ASSERT_FALSE(result.failed()) << result.message();
  EXPECT_EQ(std::string(static_cast<char *>(result->data()), 6), "abcdef");
}

TEST(Npy, ReadsAnyWayToWriteADictionary) {
  for (const char *dict :
       {"{\"shape\":(2L,),\"descr\":\"|u1\",\"fortran_order\":False}",
        "{'shape': ( 2 , ), 'fortran_order': False, 'descr': '|u1'}   \n",
        " { 'descr' : '|u1' , 'fortran_order' : True , 'shape' : (2,) , } "})
    EXPECT_FALSE(parseNpy(bytesOf(npyOf(dict, "ab"))).failed()) << dict;
}

TEST(Npy, RefusesWhatIsNotSupported) {
  EXPECT_EQ(messageOf(npyOf(dictOf(">f4", "(1,)"), "abcd")),
            "big-endian data ('>f4') are not supported");
  EXPECT_EQ(messageOf(npyOf(dictOf("<c8", "(1,)"), "abcdefgh")),
            "elements of type '<c8' are not supported");
  EXPECT_EQ(messageOf(npyOf(dictOf("|O", "(1,)"), "abcdefgh")),
            "elements of type '|O' are not supported");
  EXPECT_EQ(messageOf(npyOf("{'descr': [('a', '<f4')], 'fortran_order': False, "
                            "'shape': (1,)}",
                            "abcd")),
            "arrays of records are not supported");
  EXPECT_EQ(messageOf(npyOf(dictOf("|u1", "(1,1,1,1,1,1,1,1,1)"), "a")),
            "9 dimensions are not supported, 8 at most");
  EXPECT_EQ(messageOf(npyOf(dictOf("|u1", "(1,)"), "a", 4)),
            "version 4 of .npy is not supported");
}

TEST(Npy, RefusesWhatIsMalformed) {
  EXPECT_EQ(messageOf(""), "not a .npy file");
  EXPECT_EQ(messageOf("PK\3\4 and more of it"), "not a .npy file");
  EXPECT_EQ(messageOf(npyOf(dictOf("|u1", "(3,)"), "ab")),
            "shape 3 of u8 takes 3 bytes, but 2 follow");
  EXPECT_EQ(messageOf(npyOf(dictOf("|u1", "(1,)"), "ab")),
            "shape 1 of u8 takes 1 bytes, but 2 follow");
  EXPECT_EQ(messageOf(npyOf(dictOf("<f8", "(9223372036854775807, 2)"), "")),
            "malformed header: absurd shape 9223372036854775807x2");
  EXPECT_EQ(messageOf(npyOf(dictOf("|u1", "(-1,)"), "")),
            "malformed header: bad shape");
  EXPECT_EQ(messageOf(npyOf(dictOf("|u1", "(1)"), "a")),
            "malformed header: no shape");
  EXPECT_EQ(messageOf(npyOf("{'descr': 1, 'fortran_order': False, "
                            "'shape': (1,)}",
                            "a")),
            "malformed header: no type");
  EXPECT_EQ(messageOf(npyOf("{}", "")), "malformed header: descr, "
                                        "fortran_order and shape are wanted");
  EXPECT_EQ(messageOf(npyOf("{'descr': '|u1'", "")),
            "malformed header: byte 15 is not what a Python literal goes on "
            "with");
  EXPECT_EQ(messageOf(npyOf(std::string(1000, '('), "")),
            "malformed header: byte 8 is not what a Python literal goes on "
            "with");
  std::string truncated = npyOf(dictOf("|u1", "(1,)"), "a");
  EXPECT_EQ(messageOf(truncated.substr(0, 20)), "truncated header");
}

TEST(Npy, WritesWhatItReads) {
  std::string path = testing::TempDir() + "npy-round-trip-" +
                     std::to_string(getpid()) + ".npy";
  Shape shape;
  shape.push(2);
  shape.push(3);
  Result<Tensor> tensor = Tensor::zeros(BITNET_F32, shape);
  tensor->fill(1);
  ASSERT_FALSE(writeNpy(path.c_str(), *tensor).failed());
  Result<Tensor> again = readNpy(path.c_str());
  ASSERT_FALSE(again.failed()) << again.message();
  EXPECT_STREQ(again->shape.text().c_str(), "2x3");
  EXPECT_EQ(again->floatAt(5), 1);
  unlink(path.c_str());
}

TEST(Npy, LeavesNothingHalfWritten) {
  Result<Tensor> tensor = Tensor::zeros(BITNET_F32, Shape());
  EXPECT_STREQ(writeNpy("/nowhere/x.npy", *tensor).message(),
               "cannot write '/nowhere/x.npy': No such file or directory");
  EXPECT_STREQ(writeNpy("/dev/full", *tensor).message(),
               "cannot write '/dev/full': No space left on device");
  EXPECT_STREQ(readNpy("/nowhere/x.npy").message(),
               "cannot open '/nowhere/x.npy': No such file or directory");
}

/// Flips, cuts and repeats bytes.
static std::string mutate(std::string file, std::mt19937 &random) {
  for (int i = random() % 4; i >= 0; --i) {
    size_t at = random() % file.size();
    switch (random() % 4) {
    case 0:
      file[at] = char(random());
      break;
    case 1:
      file.resize(at + 1);
      break;
    case 2:
      file.insert(at, file.substr(random() % file.size(), random() % 16));
      break;
    default:
      file[at] = "'(){}[],:0123456789<|TF\n"[random() % 24];
    }
  }
  return file;
}

TEST(Npy, SurvivesMutation) {
  std::mt19937 random(1);
  std::string file =
      npyOf(dictOf("<f4", "(2, 3)", "True"), std::string(24, 'x'));
  int readable = 0;
  for (int i = 0; i < 2000; ++i)
    readable += !parseNpy(bytesOf(mutate(file, random))).failed();
  EXPECT_GT(readable, 0);
}
