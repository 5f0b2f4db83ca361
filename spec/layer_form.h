// Which shape-rank pair of a weight matrix the nodes of a linear layer compute.
#pragma once

#include <cstdint>
#include <string>

namespace heat::spec {

// In the words of the cost table (docs/cost-table.md); the matrix is [rows, cols].
struct LayerForm {
  std::string layer;  // as in Node::layer
  std::int64_t rows = 0, cols = 0;
  std::string method;  // dense | cp | tucker | ttm | svd
  std::string shape;   // "768x12x64"; dense: "768x768"
  std::string rank;    // "280"; dense: empty
  friend bool operator==(const LayerForm& x, const LayerForm& y) {
    return x.layer == y.layer && x.rows == y.rows && x.cols == y.cols && x.method == y.method && x.shape == y.shape &&
           x.rank == y.rank;
  }
};

}  // namespace heat::spec
