// BERT's two steps (Devlin et al. 2019; the rules are those of Hugging Face's BertTokenizer): basic tokenization, then
// greedy longest-match-first within a word. Where Hugging Face's Python and Rust implementations differ (final sigma,
// characters newer than Unicode 8), the Python one is followed: published vocabularies were made by its rules.
#include "offline/model/wordpiece.h"

#include <array>
#include <sstream>

#include "base/atomic_file.h"
#include "base/errors.h"
#include "offline/model/unicode.h"

namespace heat::offline {
namespace {

constexpr std::array<const char*, 5> kSpecial = {"[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"};

// Cleans `text` and splits it at white space; CJK ideographs stand alone.
std::vector<std::u32string> split_spaces(std::u32string_view text) {
  std::vector<std::u32string> words;
  std::u32string word;
  const auto flush = [&] {
    if (!word.empty()) words.push_back(std::move(word));
    word.clear();
  };
  for (char32_t c : text) {
    if (c == 0xFFFD || is_control(c)) continue;
    if (is_space(c)) {
      flush();
    } else if (is_cjk(c)) {
      flush();
      words.push_back({c});
    } else {
      word += c;
    }
  }
  flush();
  return words;
}

void basic_tokenize_plain(std::string_view text, const TokenizerOptions& options, std::vector<std::string>& out) {
  for (const std::u32string& word : split_spaces(decode_utf8(text))) {
    const std::u32string folded = options.lower_case ? lower_and_strip_accents(word) : word;
    std::u32string part;
    for (char32_t c : folded) {
      if (!is_punctuation(c)) {
        part += c;
        continue;
      }
      if (!part.empty()) out.push_back(encode_utf8(part));
      part.clear();
      out.push_back(encode_utf8({&c, 1}));
    }
    if (!part.empty()) out.push_back(encode_utf8(part));
  }
}

}  // namespace

Vocabulary::Vocabulary(std::vector<std::string> pieces, const std::string& name) : pieces_(std::move(pieces)) {
  for (std::size_t i = 0; i < pieces_.size(); ++i)
    if (!ids_.emplace(pieces_[i], static_cast<std::int32_t>(i)).second)
      throw base::ConfigError(name + ":" + std::to_string(i + 1) + ": piece '" + pieces_[i] + "' occurs twice");
  std::array<std::int32_t*, 5> members = {&pad_, &unk_, &cls_, &sep_, &mask_};
  std::string missing;
  for (std::size_t i = 0; i < kSpecial.size(); ++i) {
    *members[i] = find(kSpecial[i]);
    if (*members[i] < 0) missing += std::string(" ") + kSpecial[i];
  }
  if (!missing.empty()) throw base::ConfigError(name + ": missing special pieces:" + missing);
}

Vocabulary Vocabulary::load(const std::string& path) {
  std::istringstream lines(base::read_file(path));
  std::vector<std::string> pieces;
  for (std::string line; std::getline(lines, line);) {
    if (!line.empty() && line.back() == '\r') line.pop_back();
    pieces.push_back(line);
  }
  return Vocabulary(std::move(pieces), path);
}

std::int32_t Vocabulary::find(std::string_view piece) const {
  const auto it = ids_.find(piece);
  return it == ids_.end() ? -1 : it->second;
}

std::string Vocabulary::text() const {
  std::string all;
  for (const std::string& piece : pieces_) all += piece + "\n";
  return all;
}

std::vector<std::string> basic_tokenize(std::string_view text, const TokenizerOptions& options) {
  std::vector<std::string> out;
  std::size_t begin = 0;
  while (begin < text.size()) {
    std::size_t at = std::string_view::npos;
    const char* special = nullptr;
    for (std::size_t open = text.find('[', begin); open != std::string_view::npos && !special;
         open = text.find('[', open + 1))
      for (const char* word : kSpecial)
        if (text.substr(open).starts_with(word)) {
          special = word;
          at = open;
          break;
        }
    if (!special) break;
    basic_tokenize_plain(text.substr(begin, at - begin), options, out);
    out.emplace_back(special);
    begin = at + std::string_view(special).size();
  }
  basic_tokenize_plain(text.substr(begin), options, out);
  return out;
}

WordPieceTokenizer::WordPieceTokenizer(Vocabulary vocabulary, TokenizerOptions options)
    : vocabulary_(std::move(vocabulary)), options_(options) {}

void WordPieceTokenizer::append_word(const std::string& word, std::vector<std::int32_t>& out) const {
  std::vector<std::size_t> starts;  // byte offsets of the characters, and the end
  for (std::size_t i = 0; i < word.size(); ++i)
    if ((static_cast<unsigned char>(word[i]) & 0xC0) != 0x80) starts.push_back(i);
  const std::size_t chars = starts.size();
  starts.push_back(word.size());
  if (chars > static_cast<std::size_t>(options_.max_word_chars)) {
    out.push_back(vocabulary_.unk());
    return;
  }
  const std::size_t before = out.size();
  std::string candidate;
  for (std::size_t begin = 0; begin < chars;) {
    std::int32_t id = -1;
    std::size_t end = chars;
    for (; end > begin; --end) {
      candidate = begin > 0 ? "##" : "";
      candidate.append(word, starts[begin], starts[end] - starts[begin]);
      id = vocabulary_.find(candidate);
      if (id >= 0) break;
    }
    if (id < 0) {
      out.resize(before);
      out.push_back(vocabulary_.unk());
      return;
    }
    out.push_back(id);
    begin = end;
  }
}

std::vector<std::int32_t> WordPieceTokenizer::pieces(std::string_view text) const {
  std::vector<std::int32_t> out;
  for (const std::string& word : basic_tokenize(text, options_)) append_word(word, out);
  return out;
}

std::vector<std::int32_t> WordPieceTokenizer::encode(std::string_view text, std::int64_t max_length) const {
  std::vector<std::int32_t> out = pieces(text);
  HEAT_CHECK(max_length >= 2, "room for [CLS] and [SEP]");
  if (static_cast<std::int64_t>(out.size()) > max_length - 2) out.resize(max_length - 2);
  out.insert(out.begin(), vocabulary_.cls());
  out.push_back(vocabulary_.sep());
  return out;
}

}  // namespace heat::offline
