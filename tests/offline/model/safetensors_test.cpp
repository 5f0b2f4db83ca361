#include "offline/model/safetensors.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "base/errors.h"

namespace heat::offline {
namespace {

std::string file_of(const std::string& header, const std::string& data) {
  std::string size(8, '\0');
  for (int i = 0; i < 8; ++i) size[i] = static_cast<char>((header.size() >> (8 * i)) & 0xff);
  return size + header + data;
}

std::string error_of(const std::string& bytes) {
  try {
    Safetensors::parse(bytes, "f");
  } catch (const base::ConfigError& e) {
    return e.what();
  }
  return "no error";
}

TEST(Safetensors, RoundTripKeepsEveryType) {
  Safetensors s;
  s.metadata["k"] = "v";
  s.tensors["b"] = RawTensor::from_floats({1.5f, -2.0f, 3.25f, 0.0f}, {2, 2}, DType::kF32);
  s.tensors["a"] = RawTensor::from_floats({0.5f, -65504.0f}, {2}, DType::kF16);
  s.tensors["c"] = {DType::kI8, {3}, std::string("\x01\xff\x80", 3)};
  s.tensors["d"] = {DType::kI32, {1}, std::string("\x01\x02\x03\x04", 4)};
  s.tensors["empty"] = {DType::kF32, {0, 4}, ""};
  const std::string bytes = s.serialize();
  const Safetensors t = Safetensors::parse(bytes, "f");
  EXPECT_EQ(t.serialize(), bytes);
  EXPECT_EQ(t.metadata.at("k"), "v");
  EXPECT_EQ(t.tensors.at("b").floats(), (std::vector<float>{1.5f, -2.0f, 3.25f, 0.0f}));
  EXPECT_EQ(t.tensors.at("a").floats(), (std::vector<float>{0.5f, -65504.0f}));
  EXPECT_EQ(t.tensors.at("c").bytes, s.tensors.at("c").bytes);
  EXPECT_EQ(t.tensors.at("empty").shape, (std::vector<std::int64_t>{0, 4}));
}

TEST(Safetensors, DoubleStaysAndIsReadAsFloatToo) {
  Safetensors s;
  s.tensors["w"] = RawTensor::from_doubles({1.0 / 3, -2.5}, {1, 2});
  const Safetensors t = Safetensors::parse(s.serialize(), "f");
  EXPECT_EQ(t.tensors.at("w").doubles(), (std::vector<double>{1.0 / 3, -2.5}));
  EXPECT_EQ(t.tensors.at("w").floats(), (std::vector<float>{1.0f / 3, -2.5f}));
}

TEST(Safetensors, UnknownTensorThenTheNearestNameIsTold) {
  const std::string path = std::string(::testing::TempDir()) + "one_tensor.safetensors";
  Safetensors s;
  s.tensors["layer.weight"] = RawTensor::from_floats({4.0f}, {1}, DType::kF16);
  s.save(path);
  EXPECT_EQ(Safetensors::load_tensor(path, "layer.weight").doubles(), std::vector<double>{4.0});
  try {
    Safetensors::load_tensor(path, "layer.weigth");
    FAIL();
  } catch (const base::ConfigError& e) {
    EXPECT_EQ(std::string(e.what()), path + ": has no tensor 'layer.weigth' (did you mean 'layer.weight'?); it has 1");
  }
}

TEST(Safetensors, Bfloat16BecomesFloat) {
  const Safetensors s = Safetensors::parse(
      file_of(R"({"a":{"dtype":"BF16","shape":[1],"data_offsets":[0,2]}})", std::string("\x80\x3f", 2)), "f");
  EXPECT_EQ(s.tensors.at("a").floats(), std::vector<float>{1.0f});
}

TEST(Safetensors, MalformedInputsAreNamed) {
  EXPECT_EQ(error_of("abc"), "f: has 3 bytes, a safetensors file at least 8");
  EXPECT_EQ(error_of(std::string("\xff\xff\xff\xff\xff\xff\xff\x7f{}", 10)),
            "f: header length 9223372036854775807 is beyond the file's 10 bytes");
  EXPECT_EQ(error_of(file_of("[1]", "")), "f: the header is no JSON map");
  EXPECT_EQ(error_of(file_of("{\"a\":", "")), "f: the header is no JSON map");
  EXPECT_EQ(error_of(file_of(R"({"a":{"dtype":"F32","shape":[1]}})", "")), "f: tensor 'a': 'data_offsets' is missing");
  EXPECT_EQ(error_of(file_of(R"({"a":{"dtype":"Q4","shape":[1],"data_offsets":[0,4]}})", "0123")),
            "f: tensor 'a': dtype 'Q4' is not supported (F64, F32, F16, BF16, I64, I32, I8 are)");
  EXPECT_EQ(error_of(file_of(R"({"a":{"dtype":"F32","shape":[2],"data_offsets":[0,4]}})", "0123")),
            "f: tensor 'a': shape [2] of F32 takes 8 bytes, data_offsets give 4");
  EXPECT_EQ(error_of(file_of(R"({"a":{"dtype":"F32","shape":[1],"data_offsets":[4,8]}})", "0123")),
            "f: tensor 'a': data_offsets [4,8] lie outside the 4 bytes of data");
  EXPECT_NE(error_of(file_of(R"({"a":{"dtype":"F32","shape":[-1],"data_offsets":[0,4]}})", "0123"))
                .find("expected whole numbers"),
            std::string::npos);
  EXPECT_NE(error_of(file_of(R"({"a":{"dtype":"F32","shape":[4294967296,4294967296],"data_offsets":[0,0]}})", ""))
                .find("too large"),
            std::string::npos);
}

TEST(Safetensors, OverlapsHolesAndTrailingBytesAreErrors) {
  const std::string a = R"("a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]})";
  EXPECT_EQ(error_of(file_of("{" + a + R"(,"b":{"dtype":"F32","shape":[1],"data_offsets":[2,6]}})", "012345")),
            "f: tensor 'b': overlaps another tensor's bytes");
  EXPECT_EQ(error_of(file_of("{" + a + R"(,"b":{"dtype":"F32","shape":[1],"data_offsets":[6,10]}})", "0123456789")),
            "f: tensor 'b': leaves a hole of bytes before it");
  EXPECT_EQ(error_of(file_of("{" + a + "}", "01234567")), "f: 4 bytes after the last tensor");
}

TEST(Half, EveryHalfRoundTripsAndRoundingIsToNearestEven) {
  for (std::uint32_t h = 0; h < 0x10000; ++h) {
    const float f = half_to_float(static_cast<std::uint16_t>(h));
    if (std::isnan(f)) continue;
    ASSERT_EQ(float_to_half(f), h);
  }
  EXPECT_EQ(float_to_half(1.0f + 0x1p-11f), 0x3c00);      // a tie goes to even
  EXPECT_EQ(float_to_half(1.0f + 3 * 0x1p-11f), 0x3c02);  // and here upwards
  EXPECT_EQ(float_to_half(1.0f + 0x1p-11f + 0x1p-20f), 0x3c01);
  EXPECT_EQ(float_to_half(65520.0f), 0x7c00);
  EXPECT_EQ(float_to_half(65519.0f), 0x7bff);
  EXPECT_EQ(float_to_half(0x1p-25f), 0);  // half of the smallest, a tie
  EXPECT_EQ(float_to_half(0x1.8p-25f), 1);
  EXPECT_TRUE(std::isnan(half_to_float(float_to_half(std::numeric_limits<float>::quiet_NaN()))));
}

}  // namespace
}  // namespace heat::offline
