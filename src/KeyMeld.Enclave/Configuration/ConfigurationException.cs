namespace KeyMeld.Enclave.Configuration;

/// <summary>Everything that is wrong with how the enclave was started, at once, one sentence each.</summary>
public sealed class ConfigurationException(IReadOnlyList<string> errors) : Exception(string.Join(Environment.NewLine, errors))
{
    public IReadOnlyList<string> Errors => errors;
}
