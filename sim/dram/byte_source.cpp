// zlib reads plain files too (gzread passes them through), so two readers serve three formats.
#include "sim/dram/byte_source.h"

#include <zlib.h>
#include <zstd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <vector>

#include "base/errors.h"

namespace heat::dram {
namespace {

class GzipSource : public ByteSource {
 public:
  explicit GzipSource(const std::string& path) : path_(path), file_(gzopen(path.c_str(), "rb")) {
    if (!file_) throw base::FileError(path + ": cannot be opened (" + std::strerror(errno) + ")");
    gzbuffer(file_, 1 << 17);
  }
  ~GzipSource() override { gzclose(file_); }
  std::size_t read(char* out, std::size_t size) override {
    const int got = gzread(file_, out, static_cast<unsigned>(size));
    int code = Z_OK;
    const char* message = gzerror(file_, &code);
    if (got < 0 || (code != Z_OK && code != Z_STREAM_END))
      throw base::TraceError(path_ + ": corrupt gzip data or unreadable file (" + message + ")");
    return static_cast<std::size_t>(got);
  }

 private:
  std::string path_;
  gzFile file_;
};

class ZstdSource : public ByteSource {
 public:
  explicit ZstdSource(const std::string& path)
      : path_(path),
        file_(std::fopen(path.c_str(), "rb")),
        stream_(ZSTD_createDStream()),
        input_(ZSTD_DStreamInSize()) {
    if (!file_) throw base::FileError(path + ": cannot be opened (" + std::strerror(errno) + ")");
    ZSTD_DCtx_setParameter(stream_.get(), ZSTD_d_windowLogMax, 25);  // 32 MiB bounds the memory of any trace
  }
  std::size_t read(char* out, std::size_t size) override {
    ZSTD_outBuffer target{out, size, 0};
    while (target.pos == 0) {
      if (in_.pos == in_.size) {
        const std::size_t got = std::fread(input_.data(), 1, input_.size(), file_.get());
        if (std::ferror(file_.get())) throw base::FileError(path_ + ": cannot be read");
        if (got == 0) {
          if (inside_frame_) throw base::TraceError(path_ + ": Zstandard data end inside a frame");
          return 0;
        }
        in_ = {input_.data(), got, 0};
      }
      const std::size_t state = ZSTD_decompressStream(stream_.get(), &target, &in_);
      if (ZSTD_isError(state))
        throw base::TraceError(path_ + ": corrupt Zstandard data (" + ZSTD_getErrorName(state) + ")");
      inside_frame_ = state != 0;
    }
    return target.pos;
  }

 private:
  struct CloseFile {
    void operator()(std::FILE* f) const {
      if (f) std::fclose(f);
    }
  };
  struct FreeStream {
    void operator()(ZSTD_DStream* s) const { ZSTD_freeDStream(s); }
  };
  std::string path_;
  std::unique_ptr<std::FILE, CloseFile> file_;
  std::unique_ptr<ZSTD_DStream, FreeStream> stream_;
  std::vector<char> input_;
  ZSTD_inBuffer in_{nullptr, 0, 0};
  bool inside_frame_ = false;
};

class MemorySource : public ByteSource {
 public:
  MemorySource(const char* data, std::size_t size) : data_(data), left_(size) {}
  std::size_t read(char* out, std::size_t size) override {
    const std::size_t n = std::min(size, left_);
    if (n > 0) std::memcpy(out, data_, n);
    data_ += n;
    left_ -= n;
    return n;
  }

 private:
  const char* data_;
  std::size_t left_;
};

}  // namespace

std::unique_ptr<ByteSource> open_byte_source(const std::string& path) {
  std::error_code error;
  if (std::filesystem::is_directory(path, error)) throw base::FileError(path + ": is a directory");
  std::FILE* file = std::fopen(path.c_str(), "rb");
  if (!file) throw base::FileError(path + ": cannot be opened (" + std::strerror(errno) + ")");
  unsigned char magic[4] = {};
  const std::size_t got = std::fread(magic, 1, 4, file);
  std::fclose(file);
  if (got == 4 && magic[0] == 0x28 && magic[1] == 0xB5 && magic[2] == 0x2F && magic[3] == 0xFD)
    return std::make_unique<ZstdSource>(path);
  return std::make_unique<GzipSource>(path);
}

std::unique_ptr<ByteSource> memory_byte_source(const char* data, std::size_t size) {
  return std::make_unique<MemorySource>(data, size);
}

}  // namespace heat::dram
