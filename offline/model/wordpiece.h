// WordPiece tokenization as Hugging Face's BertTokenizer does it (uncased by default).
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace heat::offline {

// The pieces of a vocab.txt: one a line, the line number is the id.
class Vocabulary {
 public:
  // Throws ConfigError when a piece occurs twice or one of [PAD], [UNK], [CLS], [SEP], [MASK] is absent. `name` stands
  // for the source in messages.
  explicit Vocabulary(std::vector<std::string> pieces, const std::string& name = "vocabulary");
  static Vocabulary load(const std::string& path);

  std::int64_t size() const { return static_cast<std::int64_t>(pieces_.size()); }
  const std::vector<std::string>& pieces() const { return pieces_; }
  // Id of a piece, or -1.
  std::int32_t find(std::string_view piece) const;
  std::int32_t pad() const { return pad_; }
  std::int32_t unk() const { return unk_; }
  std::int32_t cls() const { return cls_; }
  std::int32_t sep() const { return sep_; }
  std::int32_t mask() const { return mask_; }
  // The file's text: every piece and a newline.
  std::string text() const;

 private:
  struct Hash {
    using is_transparent = void;
    std::size_t operator()(std::string_view s) const { return std::hash<std::string_view>()(s); }
  };
  std::vector<std::string> pieces_;
  std::unordered_map<std::string, std::int32_t, Hash, std::equal_to<>> ids_;
  std::int32_t pad_, unk_, cls_, sep_, mask_;
};

struct TokenizerOptions {
  bool lower_case = true;  // lower-case and strip accents
  int max_word_chars = 100;
};

// BERT's basic tokenization: cleans, spaces CJK, lower-cases, strips accents, splits at spaces and punctuation. The
// five special tokens written in the text stay whole.
std::vector<std::string> basic_tokenize(std::string_view text, const TokenizerOptions& options = {});

class WordPieceTokenizer {
 public:
  explicit WordPieceTokenizer(Vocabulary vocabulary, TokenizerOptions options = {});
  const Vocabulary& vocabulary() const { return vocabulary_; }
  const TokenizerOptions& options() const { return options_; }

  // Greedy longest match of each word; a word without a cover, or longer than max_word_chars, is [UNK].
  std::vector<std::int32_t> pieces(std::string_view text) const;
  // [CLS] pieces [SEP], cut to max_length ids.
  std::vector<std::int32_t> encode(std::string_view text, std::int64_t max_length) const;

 private:
  void append_word(const std::string& word, std::vector<std::int32_t>& out) const;

  Vocabulary vocabulary_;
  TokenizerOptions options_;
};

// A vocabulary of at most `size` pieces from word counts, by byte-pair merges of characters within words (Sennrich et
// al. 2016) written as WordPiece ("##" inside a word). The pair of the highest count wins, ties by spelling: the
// result depends on the counts only.
Vocabulary train_vocabulary(const std::unordered_map<std::string, std::int64_t>& word_counts, std::int64_t size);

}  // namespace heat::offline
