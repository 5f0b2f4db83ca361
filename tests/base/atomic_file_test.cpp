#include "base/atomic_file.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <set>

#include "base/errors.h"
#include "tests/support/schedule_builder.h"

namespace heat::base {
namespace {

namespace fs = std::filesystem;
using test_support::temporary_folder;

std::set<std::string> names_in(const std::string& folder) {
  std::set<std::string> names;
  for (const auto& entry : fs::directory_iterator(folder)) names.insert(entry.path().filename().string());
  return names;
}

TEST(AtomicFile, ContentIsReplacedWholeAndNothingElseIsLeft) {
  const std::string folder = temporary_folder(), path = folder + "/a.json";
  const std::string bytes("one\0two\n", 8);
  write_file_atomically(path, "something much longer than the second content");
  write_file_atomically(path, bytes);
  EXPECT_EQ(read_file(path), bytes);
  EXPECT_EQ(names_in(folder), std::set<std::string>{"a.json"});
}

TEST(AtomicFile, MissingFoldersAreCreated) {
  const std::string path = temporary_folder() + "/x/y/z.txt";
  write_file_atomically(path, "");
  EXPECT_EQ(read_file(path), "");
}

TEST(AtomicFile, FailureNamesThePathAndLeavesNothing) {
  const std::string folder = temporary_folder();
  fs::create_directories(folder + "/taken/inside");
  try {
    write_file_atomically(folder + "/taken", "x");
    FAIL() << "a folder was replaced";
  } catch (const FileError& error) {
    EXPECT_NE(std::string(error.what()).find(folder + "/taken"), std::string::npos) << error.what();
    EXPECT_EQ(error.exit_code(), kFailed);
  }
  EXPECT_EQ(names_in(folder), std::set<std::string>{"taken"});
  write_file_atomically(folder + "/file", "x");
  EXPECT_THROW(write_file_atomically(folder + "/file/below", "x"), FileError);
}

TEST(AtomicFile, ReadingWhatIsNotThereNamesThePathAndTheReason) {
  const std::string folder = temporary_folder();
  for (const std::string& path : {folder + "/nowhere", folder}) {
    try {
      read_file(path);
      ADD_FAILURE() << "read " << path;
    } catch (const FileError& error) {
      EXPECT_EQ(std::string(error.what()).rfind(path + ": cannot open: ", 0), 0u) << error.what();
      EXPECT_EQ(std::string(error.what()).find("Success"), std::string::npos) << error.what();
    }
  }
}

}  // namespace
}  // namespace heat::base
