// POSIX: write to a temporary name, fsync, rename(2), which is atomic within a file system.
#include "base/atomic_file.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "base/errors.h"

namespace heat::base {
namespace {

[[noreturn]] void fail(const std::string& what, const std::string& path) {
  throw FileError(path + ": " + what + ": " + std::strerror(errno));
}

}  // namespace

std::string temporary_name(const std::string& path) {
  return path + ".tmp-" + std::to_string(::getpid());
}

void commit_file(const std::string& temporary, const std::string& path) {
  const int fd = ::open(temporary.c_str(), O_RDONLY);
  if (fd < 0) fail("cannot open", temporary);
  const int synced = ::fsync(fd);
  ::close(fd);
  if (synced != 0) fail("cannot flush", temporary);
  if (::rename(temporary.c_str(), path.c_str()) != 0) fail("cannot rename to", path);
}

void write_file_atomically(const std::string& path, std::string_view content) {
  const std::filesystem::path parent = std::filesystem::path(path).parent_path();
  std::error_code ec;
  if (!parent.empty()) std::filesystem::create_directories(parent, ec);
  if (ec) throw FileError(parent.string() + ": cannot create folder: " + ec.message());
  const std::string temporary = temporary_name(path);
  {
    std::ofstream out(temporary, std::ios::binary | std::ios::trunc);
    if (!out) fail("cannot open for writing", temporary);
    out.write(content.data(), static_cast<std::streamsize>(content.size()));
    out.close();
    if (!out) {
      const int saved = errno;
      std::filesystem::remove(temporary, ec);
      errno = saved;
      fail("cannot write", path);
    }
  }
  try {
    commit_file(temporary, path);
  } catch (const FileError&) {
    std::filesystem::remove(temporary, ec);
    throw;
  }
}

std::string read_file(const std::string& path) {
  errno = 0;
  std::ifstream in(path, std::ios::binary);
  if (!in || std::filesystem::is_directory(path)) {
    if (errno == 0) errno = EISDIR;
    fail("cannot open", path);
  }
  std::ostringstream text;
  text << in.rdbuf();
  return text.str();
}

}  // namespace heat::base
