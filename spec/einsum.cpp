// Text form of einsums and the classification of two-operand einsums as batched GEMMs.
#include "spec/einsum.h"

#include <algorithm>
#include <sstream>

#include "base/checked.h"
#include "base/errors.h"

namespace heat::spec {
namespace {

bool contains(const std::vector<Index>& list, const Index& index) {
  return std::find(list.begin(), list.end(), index) != list.end();
}

// One operand's text: spaced names when `spaced`, else one letter an index.
std::vector<Index> parse_indices(const std::string& text, bool spaced, const std::string& equation) {
  std::vector<Index> indices;
  if (spaced) {
    std::istringstream words(text);
    for (std::string word; words >> word;) indices.push_back(word);
  } else {
    for (char c : text) indices.push_back(std::string(1, c));
  }
  for (std::size_t i = 0; i < indices.size(); ++i) {
    for (char c : indices[i])
      if (!std::isalnum(static_cast<unsigned char>(c)) && c != '_' && c != '\'')
        throw base::ConfigError("einsum '" + equation + "': '" + indices[i] + "' is no index name");
    if (std::count(indices.begin(), indices.end(), indices[i]) > 1)
      throw base::ConfigError("einsum '" + equation + "': index '" + indices[i] + "' repeated within one operand");
  }
  return indices;
}

// Whether the words of an equation are its indices, not their letters: the reading in which every index has a size; where
// that is both or neither, whether a word of several letters has one. Sizes of other indices do not matter.
bool is_spaced(std::string text, const std::map<Index, std::int64_t>& sizes) {
  std::replace(text.begin(), text.end(), ',', ' ');
  std::istringstream words(text);
  bool words_known = true, letters_known = true, long_known = false;
  for (std::string word; words >> word;) {
    const bool known = sizes.count(word) > 0;
    words_known = words_known && known;
    long_known = long_known || (known && word.size() > 1);
    for (char c : word) letters_known = letters_known && sizes.count(std::string(1, c)) > 0;
  }
  return words_known == letters_known ? long_known : words_known;
}

std::string joined(const std::vector<Index>& indices, bool spaced) {
  std::string text;
  for (const auto& i : indices) text += (text.empty() || !spaced ? "" : " ") + i;
  return text;
}

}  // namespace

Einsum Einsum::parse(const std::string& equation, std::map<Index, std::int64_t> sizes) {
  const std::size_t arrow = equation.find("->");
  if (arrow == std::string::npos) throw base::ConfigError("einsum '" + equation + "': expected '->' before the output");
  std::string left = equation.substr(0, arrow), right = equation.substr(arrow + 2);
  const bool spaced = is_spaced(left + " " + right, sizes);
  if (!spaced) {
    const auto squeeze = [](std::string& s) { s.erase(std::remove(s.begin(), s.end(), ' '), s.end()); };
    squeeze(left);
    squeeze(right);
  }
  Einsum e;
  std::istringstream parts(left);
  for (std::string part; std::getline(parts, part, ',');) e.operands.push_back(parse_indices(part, spaced, equation));
  if (!left.empty() && left.back() == ',') e.operands.emplace_back();
  if (e.operands.empty()) throw base::ConfigError("einsum '" + equation + "': no operands");
  e.output = parse_indices(right, spaced, equation);
  for (const auto& operand : e.operands)
    for (const auto& i : operand) {
      const auto found = sizes.find(i);
      if (found == sizes.end()) throw base::ConfigError("einsum '" + equation + "': index '" + i + "' has no size");
      if (found->second < 1)
        throw base::ConfigError("einsum '" + equation + "': index '" + i + "' has size " +
                                std::to_string(found->second) + ", expected at least 1");
    }
  for (const auto& i : e.output)
    if (std::none_of(e.operands.begin(), e.operands.end(), [&](const auto& o) { return contains(o, i); }))
      throw base::ConfigError("einsum '" + equation + "': output index '" + i + "' is in no operand");
  e.sizes = std::move(sizes);
  return e;
}

std::string Einsum::text() const {
  bool spaced = false;
  for (const auto& o : operands)
    for (const auto& i : o) spaced = spaced || i.size() > 1;
  std::string text;
  for (std::size_t o = 0; o < operands.size(); ++o)
    text += (o ? (spaced ? ", " : ",") : "") + joined(operands[o], spaced);
  return text + (spaced ? " -> " : "->") + joined(output, spaced);
}

std::int64_t Einsum::elements(const std::vector<Index>& indices) const {
  std::int64_t product = 1;
  for (const auto& i : indices) product = base::checked_multiply(product, sizes.at(i), "index '" + i + "'");
  return product;
}

GemmIndices gemm_indices(const std::vector<Index>& weight, const std::vector<Index>& input,
                         const std::vector<Index>& output) {
  GemmIndices g;
  for (const auto& i : output) {
    const bool in_weight = contains(weight, i), in_input = contains(input, i);
    if (in_weight && in_input)
      g.b.push_back(i);
    else if (in_weight)
      g.m.push_back(i);
    else if (in_input)
      g.n.push_back(i);
    else
      throw base::ConfigError("output index '" + i + "' is in neither operand");
  }
  for (const auto& i : input)
    if (!contains(output, i)) {
      if (!contains(weight, i)) throw base::ConfigError("index '" + i + "' is summed in one operand alone");
      g.k.push_back(i);
    }
  for (const auto& i : weight)
    if (!contains(output, i) && !contains(input, i))
      throw base::ConfigError("index '" + i + "' is summed in one operand alone");
  return g;
}

}  // namespace heat::spec
