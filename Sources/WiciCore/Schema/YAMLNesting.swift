// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the Wici authors

// A bound on how deep the YAML library nests. For every word it looks at all levels that are open, so
// that half a megabyte of brackets could hold it for seconds; it cannot be told the bound through its
// Swift interface.

import CYaml

/// Sets the bound, for the whole process, before the first text is parsed.
enum YAMLNesting {
    /// Levels of the library: above every depth limit of ours, which then give the better error.
    private static let levels: Int32 = 64

    private static let bound: Void = yaml_set_max_nest_level(levels)

    /// To be called before each use of the library; does its work once.
    static func setBound() { bound }
}
