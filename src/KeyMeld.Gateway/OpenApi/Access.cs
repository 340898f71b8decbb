namespace KeyMeld.Gateway.OpenApi;

/// <summary>What a call is made with (protocol.md section 9).</summary>
internal enum Access
{
    /// <summary>Nothing: open to all.</summary>
    Everybody,

    /// <summary>The authority is in the signed statement of the body.</summary>
    Statement,

    /// <summary>As <see cref="Statement"/>; an <c>Authorization</c> of a key that may read makes the answer to a repeated statement whole.</summary>
    StatementOrReader,

    /// <summary>An <c>Authorization</c> of a key that may read.</summary>
    Reader,

    /// <summary>The operator's credential.</summary>
    Operator,
}
