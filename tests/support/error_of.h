// What an exception says.
#pragma once

#include <string>

namespace heat::test {

// The text of the E that `body` throws; empty when it throws none.
template <class E, class Body>
std::string error_of(Body body) {
  try {
    body();
  } catch (const E& e) {
    return e.what();
  }
  return "";
}

}  // namespace heat::test
