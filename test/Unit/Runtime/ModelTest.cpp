// Completing inputs and running a model.

#include "bitnet/Runtime/Model.h"

#include <gtest/gtest.h>
#include <string>

using namespace bitnet::runtime;

static Shape shapeOf(std::initializer_list<int64_t> sizes) {
  Shape shape;
  for (int64_t size : sizes)
    shape.push(size);
  return shape;
}

static Model modelOf(const std::string &ports) {
  Model model;
  Result<Signature> result =
      parseSignature(("bitnet 1\nmodel\tm\n" + ports).c_str());
  EXPECT_FALSE(result.failed()) << result.message();
  model.signature = std::move(*result);
  return model;
}

static const std::string kLanguageModel =
    "input\tids\ti64\tids\tbatch\tsequence\n"
    "input\tmask\ti64\tmask\tbatch\ts53\n"
    "input\tpositions\ti64\tpositions\tbatch\tsequence\n"
    "input\ttypes\ti32\ttypes\tbatch\tsequence\n"
    "input\tpast\tf32\tpast\tbatch\t2\tpast\t4\n"
    "output\tlogits\tf32\tlogits\tbatch\tsequence\t128\n";

static int64_t integerAt(const Tensor &tensor, int64_t index) {
  return static_cast<const int64_t *>(tensor.data())[index];
}

TEST(Complete, FillsInWhereASequenceStands) {
  Model model = modelOf(kLanguageModel);
  Array<Tensor> inputs = model.noInputs();
  inputs[0] = std::move(*Tensor::zeros(BITNET_I64, shapeOf({2, 3})));
  Status status = model.complete(inputs);
  ASSERT_FALSE(status.failed()) << status.message();
  EXPECT_STREQ(inputs[1].shape.text().c_str(), "2x3");
  EXPECT_EQ(integerAt(inputs[1], 5), 1);
  EXPECT_EQ(integerAt(inputs[2], 3), 0);
  EXPECT_EQ(integerAt(inputs[2], 5), 2);
  EXPECT_STREQ(inputs[3].shape.text().c_str(), "2x3");
  EXPECT_STREQ(inputs[4].shape.text().c_str(), "2x2x0x4");
}

TEST(Complete, CountsOnAfterAPast) {
  Model model = modelOf(kLanguageModel);
  Array<Tensor> inputs = model.noInputs();
  inputs[0] = std::move(*Tensor::zeros(BITNET_I64, shapeOf({1, 2})));
  inputs[4] = std::move(*Tensor::zeros(BITNET_F32, shapeOf({1, 2, 10, 4})));
  Status status = model.complete(inputs);
  ASSERT_FALSE(status.failed()) << status.message();
  EXPECT_STREQ(inputs[1].shape.text().c_str(), "1x12");
  EXPECT_EQ(integerAt(inputs[2], 0), 10);
  EXPECT_EQ(integerAt(inputs[2], 1), 11);
}

TEST(Complete, ChecksAMaskThatIsAnExpression) {
  Model model = modelOf("input\tids\ti64\tids\tb\ts\n"
                        "input\tmask\ti64\tmask\tb\tp + s\n"
                        "input\tpast\tf32\tpast\tb\tp\n");
  Array<Tensor> inputs = model.noInputs();
  inputs[0] = std::move(*Tensor::zeros(BITNET_I64, shapeOf({1, 2})));
  inputs[1] = std::move(*Tensor::zeros(BITNET_I64, shapeOf({1, 5})));
  EXPECT_STREQ(model.complete(inputs).message(),
               "input 'mask' has shape 1x5: 'p + s' is 5 here but 2 by the "
               "other inputs");
  inputs = model.noInputs();
  inputs[0] = std::move(*Tensor::zeros(BITNET_I64, shapeOf({1, 2})));
  EXPECT_FALSE(model.complete(inputs).failed());
  EXPECT_STREQ(inputs[1].shape.text().c_str(), "1x2");
}

TEST(Complete, NamesAMissingInput) {
  Model model = modelOf(kLanguageModel + "");
  Array<Tensor> inputs = model.noInputs();
  EXPECT_STREQ(model.complete(inputs).message(),
               "input 'ids' is missing: i64 [batch, sequence]");
}

TEST(Complete, WantsPositionsThatItCannotGuess) {
  Model model = modelOf("input\tids\ti64\tids\tb\ts\n"
                        "input\tp\ti64\tpositions\t3\tb\ts\n");
  Array<Tensor> inputs = model.noInputs();
  inputs[0] = std::move(*Tensor::zeros(BITNET_I64, shapeOf({1, 2})));
  EXPECT_STREQ(model.complete(inputs).message(),
               "input 'p' is missing: i64 [3, b, s]");
}

TEST(Complete, WidensIntegers) {
  Model model = modelOf("input\tids\ti64\tids\tb\ts\n"
                        "input\tx\tf32\t-\tb\n");
  Array<Tensor> inputs = model.noInputs();
  inputs[0] = std::move(*Tensor::zeros(BITNET_I32, shapeOf({1, 2})));
  inputs[0].setInteger(1, -5);
  inputs[1] = std::move(*Tensor::zeros(BITNET_F32, shapeOf({1})));
  ASSERT_FALSE(model.complete(inputs).failed());
  EXPECT_EQ(integerAt(inputs[0], 1), -5);
  inputs[1] = std::move(*Tensor::zeros(BITNET_F64, shapeOf({1})));
  EXPECT_STREQ(model.complete(inputs).message(),
               "input 'x' has type f64, the model wants f32");
}

TEST(Complete, RoundsFloatsToHalves) {
  Model model = modelOf("input\tx\tbf16\t-\tb\n");
  Array<Tensor> inputs = model.noInputs();
  inputs[0] = std::move(*Tensor::zeros(BITNET_F32, shapeOf({1})));
  static_cast<float *>(inputs[0].data())[0] = 1.00390625f;
  ASSERT_FALSE(model.complete(inputs).failed());
  EXPECT_EQ(inputs[0].floatAt(0), 1.0);
  inputs[0] = std::move(*Tensor::zeros(BITNET_F16, shapeOf({1})));
  EXPECT_STREQ(model.complete(inputs).message(),
               "input 'x' has type f16, the model wants bf16");
}

/// y[j, i] = x[i, j], by the strides of the descriptor.
static void transpose(void *results, void *const *arguments) {
  const int64_t *x = static_cast<const int64_t *>(arguments[0]);
  int64_t *y = static_cast<int64_t *>(results);
  int64_t rows = x[3], columns = x[4];
  float *from = reinterpret_cast<float *>(x[1]);
  float *to = static_cast<float *>(std::malloc(rows * columns * 4));
  for (int64_t i = 0; i < rows; ++i)
    for (int64_t j = 0; j < columns; ++j)
      to[j * rows + i] = from[i * x[5] + j * x[6]];
  int64_t words[] = {reinterpret_cast<int64_t>(to),
                     reinterpret_cast<int64_t>(to),
                     0,
                     columns,
                     rows,
                     rows,
                     1};
  std::memcpy(y, words, sizeof(words));
}

TEST(Run, PassesDescriptors) {
  Model model = modelOf("input\tx\tf32\t-\tn\tm\n"
                        "output\ty\tf32\t-\tm\tn\n");
  model.entry = transpose;
  float values[] = {1, 2, 3, 4, 5, 6};
  Array<Tensor> inputs;
  inputs.push(Tensor::adopt(BITNET_F32, shapeOf({2, 3}), values, nullptr));
  Result<Array<Tensor>> outputs = model.run(inputs);
  ASSERT_FALSE(outputs.failed());
  EXPECT_STREQ((*outputs)[0].shape.text().c_str(), "3x2");
  EXPECT_EQ((*outputs)[0].floatAt(1), 4);
  EXPECT_EQ((*outputs)[0].floatAt(2), 2);
}

TEST(Run, SeparatesOutputsThatShareABuffer) {
  Model model = modelOf("input\tx\tf32\t-\tn\noutput\ty\tf32\t-\tn\n"
                        "output\tz\tf32\t-\tn\n");
  model.entry = [](void *results, void *const *arguments) {
    int64_t *words = static_cast<int64_t *>(results);
    std::memcpy(words, arguments[0], 5 * sizeof(int64_t));
    std::memcpy(words + 5, arguments[0], 5 * sizeof(int64_t));
  };
  Array<Tensor> inputs;
  inputs.push(std::move(*Tensor::zeros(BITNET_F32, shapeOf({2}))));
  inputs[0].fill(1);
  Result<Array<Tensor>> outputs = model.run(inputs);
  ASSERT_FALSE(outputs.failed());
  EXPECT_NE((*outputs)[0].data(), (*outputs)[1].data());
  EXPECT_NE((*outputs)[0].data(), inputs[0].data());
  EXPECT_EQ((*outputs)[1].floatAt(1), 1);
}

TEST(Run, ReturnsTheFailureOfTheModel) {
  Model model = modelOf("");
  model.entry = [](void *, void *const *) {
    auto body = [](void *, int64_t, int64_t end) {
      if (end == 64)
        bitnet_fail("index 9 is out of range");
    };
    bitnet_parallel_for(body, nullptr, 64, INT64_MAX);
  };
  Array<Tensor> inputs;
  for (int i = 0; i < 3; ++i) {
    Result<Array<Tensor>> outputs = model.run(inputs);
    ASSERT_TRUE(outputs.failed());
    EXPECT_STREQ(outputs.message(), "index 9 is out of range");
  }
}

TEST(Run, GivesCachesTheRoomThatTheyNeed) {
  Model model = modelOf("input\tx\tf32\tcache\t1\t2\tpast\t1\n"
                        "output\ty\tf32\tpresent:0\t1\t2\tpast + 1\t1\n");
  model.entry = [](void *, void *const *arguments) {
    const int64_t *cache = static_cast<const int64_t *>(arguments[0]);
    auto *data = reinterpret_cast<float *>(cache[1]);
    int64_t length = *static_cast<const int64_t *>(arguments[1]);
    for (int64_t head = 0; head < 2; ++head)
      data[head * cache[5] + length] = 7;
  };
  Array<Tensor> inputs;
  inputs.push(std::move(*Tensor::zeros(BITNET_F32, shapeOf({1, 2, 2, 1}))));
  inputs[0].fill(1);
  Result<Array<Tensor>> outputs = model.run(inputs);
  ASSERT_FALSE(outputs.failed()) << outputs.message();
  const Tensor &present = (*outputs)[0];
  EXPECT_STREQ(present.shape.text().c_str(), "1x2x3x1");
  const float wanted[] = {1, 1, 7, 1, 1, 7};
  for (int i = 0; i < 6; ++i)
    EXPECT_EQ(present.floatAt(i), wanted[i]);
  EXPECT_EQ(inputs[0].floatAt(1), 1); // only read
}

TEST(Run, RefusesCachesOfUnknownLength) {
  Model model = modelOf("input\tx\tf32\tcache\t1\t2\tpast\t1\n"
                        "output\ty\tf32\tpresent:0\t1\t2\tother\t1\n");
  Array<Tensor> inputs;
  inputs.push(std::move(*Tensor::zeros(BITNET_F32, shapeOf({1, 2, 2, 1}))));
  EXPECT_STREQ(model.run(inputs).message(),
               "output 'y' has a length that cannot be computed");
}
