namespace KeyMeld.Enclave.Nsm;

/// <summary>Why the Nitro Secure Module gave no usable answer.</summary>
public enum NsmFailure
{
    /// <summary>The device or socket is not there or broke off.</summary>
    Unreachable,

    /// <summary>It answered an error of its own; <see cref="NsmException.DeviceError"/> names it.</summary>
    Refused,

    /// <summary>It answered something that is no answer to the request.</summary>
    Malformed,
}

/// <summary>The Nitro Secure Module gave no usable answer.</summary>
public sealed class NsmException(NsmFailure failure, string message, Exception? inner = null) : Exception(message, inner)
{
    public NsmFailure Failure => failure;

    /// <summary>The module's own word, such as <c>InvalidArgument</c>.</summary>
    public string? DeviceError { get; init; }
}
