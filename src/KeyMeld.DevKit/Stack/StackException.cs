namespace KeyMeld.DevKit.Stack;

/// <summary>A part of the development stack did not do what it should; <see cref="Part"/> names the log to read.</summary>
public sealed class StackException(string message, string part, Exception? inner = null) : Exception(message, inner)
{
    /// <summary>The child's name, which is also that of its log file.</summary>
    public string Part { get; } = part;
}
