// What help texts say about decomposition methods, from the registry.
#pragma once

#include <string>

namespace heat::offline::cli {

// "150,12,64 (METHOD, one a mode) | ...": what --rank takes.
std::string rank_help();
// What --shape takes.
std::string shape_help();
// One command a method on a 768 x 768 matrix.
std::string decompose_examples();
// "a,b,c": the methods of a cost table unless told otherwise.
std::string default_table_methods();

}  // namespace heat::offline::cli
