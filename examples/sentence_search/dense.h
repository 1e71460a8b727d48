// dense.h - what a transformer has beside attention, on Eigen: rows of features times a matrix,
// layer norm, gelu.
//
//   Matrix y = linear(x, {weight, bias});     // x W^T + b, as torch keeps its matrices
//   layer_norm(y, norm);                      // in place, every row
//
// One thread each; model.cpp runs blocks of rows side by side.
#pragma once
#include <Eigen/Core>
#include <cmath>

using Matrix = Eigen::Matrix<float, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;
using Rows = Eigen::Ref<Matrix, 0, Eigen::OuterStride<>>;
using ConstRows = Eigen::Ref<const Matrix, 0, Eigen::OuterStride<>>;
using MatrixView = Eigen::Map<const Matrix>;
using VectorView = Eigen::Map<const Eigen::RowVectorXf>;

struct Linear {
  MatrixView weight;  // [out, in]
  VectorView bias;    // [out]
};

struct LayerNorm {
  VectorView weight, bias;
};

/// y = x W^T + b
inline void linear(const ConstRows& x, const Linear& l, Rows y) {
  y.noalias() = x * l.weight.transpose();
  y.rowwise() += l.bias;
}

/// Every row to mean 0 and variance 1, then times weight plus bias. The epsilon is BERT's.
inline void layer_norm(Rows x, const LayerNorm& norm) {
  constexpr float epsilon = 1e-12f;
  for (Eigen::Index i = 0; i < x.rows(); ++i) {
    auto row = x.row(i).array();
    row -= row.mean();
    const float scale = 1 / std::sqrt(row.square().mean() + epsilon);
    row = row * scale * norm.weight.array() + norm.bias.array();
  }
}

/// x Φ(x), with the error function itself and not the approximation by tanh.
inline void gelu(Rows x) {
  x = x.unaryExpr([](float v) { return 0.5f * v * (1 + std::erf(v * 0.70710678f)); });
}
