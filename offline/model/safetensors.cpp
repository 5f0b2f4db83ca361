// Format: https://huggingface.co/docs/safetensors. The header is padded with spaces to a multiple of 8 bytes, tensors
// lie in the order of their names, so that equal content gives equal bytes.
#include "offline/model/safetensors.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstring>
#include <limits>
#include <nlohmann/json.hpp>

#include "base/atomic_file.h"
#include "base/config_reader.h"
#include "base/errors.h"

namespace heat::offline {
namespace {

static_assert(std::endian::native == std::endian::little, "tensors are copied as they lie in memory");

struct Span {
  std::uint64_t begin, end;
  std::string name;
};

[[noreturn]] void fail(const std::string& file, const std::string& what) {
  throw base::ConfigError(file + ": " + what);
}

// Bytes of one element in the file, or 0 for an unknown type.
std::uint64_t stored_bytes(const std::string& dtype) {
  if (dtype == "F64" || dtype == "I64") return 8;
  if (dtype == "F32" || dtype == "I32") return 4;
  if (dtype == "F16" || dtype == "BF16") return 2;
  return dtype == "I8" ? 1 : 0;
}

template <class From, class To, class Convert>
std::string convert(const char* data, std::uint64_t count, Convert convert_one) {
  std::string out(count * sizeof(To), '\0');
  for (std::uint64_t i = 0; i < count; ++i) {
    From from;
    std::memcpy(&from, data + i * sizeof(From), sizeof from);
    const To to = convert_one(from);
    std::memcpy(out.data() + i * sizeof(To), &to, sizeof to);
  }
  return out;
}

RawTensor decode(const std::string& dtype, const char* data, std::uint64_t count, const std::string& where) {
  RawTensor t;
  if (dtype == "BF16") {
    t.bytes = convert<std::uint16_t, float>(data, count, bfloat_to_float);
  } else if (dtype == "I64") {
    t.dtype = DType::kI32;
    t.bytes = convert<std::int64_t, std::int32_t>(data, count, [&](std::int64_t v) {
      if (v != static_cast<std::int32_t>(v)) fail(where, "I64 value " + std::to_string(v) + " does not fit I32");
      return static_cast<std::int32_t>(v);
    });
  } else {
    for (const DType known : {DType::kF64, DType::kF32, DType::kF16, DType::kI8, DType::kI32})
      if (dtype == dtype_name(known)) t.dtype = known;
    t.bytes.assign(data, count * dtype_bytes(t.dtype));
  }
  return t;
}

std::uint64_t element_count(const nlohmann::json& shape, const std::string& where) {
  if (!shape.is_array()) fail(where, "shape is no list");
  std::uint64_t count = 1;
  for (const auto& d : shape) {
    if (!d.is_number_unsigned()) fail(where, "shape has " + d.dump() + ", expected whole numbers from 0");
    const std::uint64_t dim = d.get<std::uint64_t>();
    if (dim != 0 && count > std::numeric_limits<std::uint32_t>::max() * std::uint64_t{1024} / dim)
      fail(where, "shape " + shape.dump() + " is too large");
    count *= dim;
  }
  return count;
}

// One entry of the header, checked against the `data_size` bytes that follow it.
RawTensor read_entry(const nlohmann::json& entry, const std::string& where, const char* data, std::uint64_t data_size,
                     Span& span) {
  if (!entry.is_object()) fail(where, "is no map");
  for (const char* key : {"dtype", "shape", "data_offsets"})
    if (!entry.contains(key)) fail(where, std::string("'") + key + "' is missing");
  if (!entry["dtype"].is_string()) fail(where, "dtype is no text");
  const std::string dtype = entry["dtype"];
  const std::uint64_t width = stored_bytes(dtype);
  if (width == 0) fail(where, "dtype '" + dtype + "' is not supported (F64, F32, F16, BF16, I64, I32, I8 are)");
  const std::uint64_t count = element_count(entry["shape"], where);
  const auto& offsets = entry["data_offsets"];
  if (!offsets.is_array() || offsets.size() != 2 || !offsets[0].is_number_unsigned() ||
      !offsets[1].is_number_unsigned())
    fail(where, "data_offsets is " + offsets.dump() + ", expected [begin, end]");
  span.begin = offsets[0];
  span.end = offsets[1];
  if (span.begin > span.end || span.end > data_size)
    fail(where, "data_offsets " + offsets.dump() + " lie outside the " + std::to_string(data_size) + " bytes of data");
  if (span.end - span.begin != count * width)
    fail(where, "shape " + entry["shape"].dump() + " of " + dtype + " takes " + std::to_string(count * width) +
                    " bytes, data_offsets give " + std::to_string(span.end - span.begin));
  RawTensor t = decode(dtype, data + span.begin, count, where);
  for (const auto& d : entry["shape"]) t.shape.push_back(d.get<std::int64_t>());
  return t;
}

void check_spans(std::vector<Span>& spans, std::uint64_t data_size, const std::string& name) {
  std::sort(spans.begin(), spans.end(),
            [](const Span& a, const Span& b) { return std::tie(a.begin, a.end) < std::tie(b.begin, b.end); });
  std::uint64_t at = 0;
  for (const Span& s : spans) {
    if (s.begin < at) fail(name + ": tensor '" + s.name + "'", "overlaps another tensor's bytes");
    if (s.begin > at) fail(name + ": tensor '" + s.name + "'", "leaves a hole of bytes before it");
    at = s.end;
  }
  if (at != data_size) fail(name, std::to_string(data_size - at) + " bytes after the last tensor");
}

}  // namespace

const char* dtype_name(DType dtype) {
  switch (dtype) {
    case DType::kF64:
      return "F64";
    case DType::kF32:
      return "F32";
    case DType::kF16:
      return "F16";
    case DType::kI8:
      return "I8";
    case DType::kI32:
      return "I32";
  }
  throw std::logic_error("unknown DType");
}

std::int64_t dtype_bytes(DType dtype) {
  return dtype == DType::kI8 ? 1 : dtype == DType::kF16 ? 2 : dtype == DType::kF64 ? 8 : 4;
}

std::int64_t RawTensor::elements() const {
  std::int64_t n = 1;
  for (std::int64_t d : shape) n *= d;
  return n;
}

std::vector<double> RawTensor::doubles() const {
  if (dtype != DType::kF64) {
    const std::vector<float> narrow = floats();
    return {narrow.begin(), narrow.end()};
  }
  std::vector<double> out(elements());
  std::memcpy(out.data(), bytes.data(), bytes.size());
  return out;
}

RawTensor RawTensor::from_doubles(const std::vector<double>& values, std::vector<std::int64_t> shape) {
  RawTensor t{DType::kF64, std::move(shape), std::string(values.size() * sizeof(double), '\0')};
  HEAT_CHECK(t.elements() == static_cast<std::int64_t>(values.size()), "shape matches the values");
  std::memcpy(t.bytes.data(), values.data(), t.bytes.size());
  return t;
}

std::vector<float> RawTensor::floats() const {
  if (dtype == DType::kF64) {
    const std::vector<double> wide = doubles();
    return {wide.begin(), wide.end()};
  }
  std::vector<float> out(elements());
  if (dtype == DType::kF32) {
    std::memcpy(out.data(), bytes.data(), bytes.size());
  } else if (dtype == DType::kF16) {
    for (std::size_t i = 0; i < out.size(); ++i) {
      std::uint16_t half;
      std::memcpy(&half, bytes.data() + 2 * i, 2);
      out[i] = half_to_float(half);
    }
  } else {
    throw base::Error(std::string("tensor of type ") + dtype_name(dtype) + " where floats are expected");
  }
  return out;
}

RawTensor RawTensor::from_floats(const std::vector<float>& values, std::vector<std::int64_t> shape, DType dtype) {
  RawTensor t{dtype, std::move(shape), {}};
  HEAT_CHECK(t.elements() == static_cast<std::int64_t>(values.size()), "shape matches the values");
  HEAT_CHECK(dtype == DType::kF32 || dtype == DType::kF16, "floats are stored as F32 or F16");
  t.bytes.resize(values.size() * dtype_bytes(dtype));
  if (dtype == DType::kF32) {
    std::memcpy(t.bytes.data(), values.data(), t.bytes.size());
    return t;
  }
  for (std::size_t i = 0; i < values.size(); ++i) {
    const std::uint16_t half = float_to_half(values[i]);
    std::memcpy(t.bytes.data() + 2 * i, &half, 2);
  }
  return t;
}

Safetensors Safetensors::parse(const std::string& bytes, const std::string& name) {
  if (bytes.size() < 8) fail(name, "has " + std::to_string(bytes.size()) + " bytes, a safetensors file at least 8");
  std::uint64_t header_size;
  std::memcpy(&header_size, bytes.data(), 8);
  if (header_size > bytes.size() - 8)
    fail(name, "header length " + std::to_string(header_size) + " is beyond the file's " +
                   std::to_string(bytes.size()) + " bytes");
  const auto header = nlohmann::json::parse(bytes.begin() + 8, bytes.begin() + 8 + header_size, nullptr, false);
  if (!header.is_object()) fail(name, "the header is no JSON map");
  const char* data = bytes.data() + 8 + header_size;
  const std::uint64_t data_size = bytes.size() - 8 - header_size;
  Safetensors file;
  std::vector<Span> spans;
  for (const auto& [key, entry] : header.items()) {
    if (key == "__metadata__") {
      if (!entry.is_object()) fail(name, "__metadata__ is no map");
      for (const auto& [k, v] : entry.items()) {
        if (!v.is_string()) fail(name, "__metadata__." + k + " is no text");
        file.metadata[k] = v;
      }
      continue;
    }
    Span span{0, 0, key};
    file.tensors[key] = read_entry(entry, name + ": tensor '" + key + "'", data, data_size, span);
    if (span.end > span.begin) spans.push_back(span);
  }
  check_spans(spans, data_size, name);
  return file;
}

Safetensors Safetensors::load(const std::string& path) {
  return parse(base::read_file(path), path);
}

RawTensor Safetensors::load_tensor(const std::string& path, const std::string& tensor) {
  Safetensors file = load(path);
  const auto found = file.tensors.find(tensor);
  if (found != file.tensors.end()) return std::move(found->second);
  std::vector<std::string> names;
  for (const auto& [name, t] : file.tensors) names.push_back(name);
  const auto near = base::nearest_word(tensor, names);
  fail(path, "has no tensor '" + tensor + "'" + (near ? " (did you mean '" + *near + "'?)" : std::string()) +
                 "; it has " + std::to_string(names.size()));
}

std::string Safetensors::serialize() const {
  nlohmann::ordered_json header;
  if (!metadata.empty()) header["__metadata__"] = metadata;
  std::uint64_t at = 0;
  for (const auto& [name, t] : tensors) {
    HEAT_CHECK(static_cast<std::int64_t>(t.bytes.size()) == t.elements() * dtype_bytes(t.dtype), name);
    header[name] = {{"dtype", dtype_name(t.dtype)}, {"shape", t.shape}, {"data_offsets", {at, at + t.bytes.size()}}};
    at += t.bytes.size();
  }
  std::string text = header.is_null() ? "{}" : header.dump();
  text.resize((text.size() + 7) / 8 * 8, ' ');
  const std::uint64_t size = text.size();
  std::string out(8, '\0');
  std::memcpy(out.data(), &size, 8);
  out.reserve(8 + size + at);
  out += text;
  for (const auto& [name, t] : tensors) out += t.bytes;
  return out;
}

void Safetensors::save(const std::string& path) const {
  base::write_file_atomically(path, serialize());
}

float half_to_float(std::uint16_t half) {
  const std::uint32_t sign = std::uint32_t{half & 0x8000u} << 16;
  const std::uint32_t exponent = (half >> 10) & 31;
  const std::uint32_t mantissa = half & 1023;
  if (exponent == 0) {
    const float value = static_cast<float>(mantissa) * 0x1p-24f;
    return sign ? -value : value;
  }
  if (exponent == 31) return std::bit_cast<float>(sign | 0x7f800000u | mantissa << 13);
  return std::bit_cast<float>(sign | (exponent + 112) << 23 | mantissa << 13);
}

float bfloat_to_float(std::uint16_t bfloat) {
  return std::bit_cast<float>(std::uint32_t{bfloat} << 16);
}

std::uint16_t float_to_half(float value) {
  const std::uint32_t bits = std::bit_cast<std::uint32_t>(value);
  const auto sign = static_cast<std::uint16_t>((bits >> 16) & 0x8000);
  const std::uint32_t magnitude = bits & 0x7fffffff;
  if (magnitude > 0x7f800000) return sign | 0x7e00;  // NaN
  if (magnitude >= 0x477ff000) return sign | 0x7c00;
  if (magnitude < 0x38800000)  // subnormal half: a multiple of 2^-24
    return sign | static_cast<std::uint16_t>(std::nearbyint(std::bit_cast<float>(magnitude) * 0x1p24f));
  const std::uint32_t rounded = magnitude + 0xfff + ((magnitude >> 13) & 1);
  return sign | static_cast<std::uint16_t>((rounded - 0x38000000) >> 13);
}

}  // namespace heat::offline
