using KeyMeld.Wire.Transport;

namespace KeyMeld.Enclave.Configuration;

/// <summary><c>--config FILE --listen ADDRESS [--nsm unix:PATH]</c>: where things are, never what the enclave trusts.</summary>
public sealed record CommandLine(string ConfigurationFile, EnclaveAddress Listen, string? NsmSocket)
{
    private const string Usage = "Usage: KeyMeld.Enclave --config FILE --listen unix:PATH|vsock:CID:PORT [--nsm unix:PATH]";

    /// <exception cref="ConfigurationException">Something is wrong; it lists everything.</exception>
    public static CommandLine Parse(IReadOnlyList<string> arguments)
    {
        var errors = new List<string>();
        var values = new Dictionary<string, string>(StringComparer.Ordinal);
        for (var i = 0; i < arguments.Count; i += 2)
        {
            if (arguments[i] is not ("--config" or "--listen" or "--nsm"))
            {
                errors.Add($"The argument '{arguments[i]}' is unknown.");
            }
            else if (i + 1 == arguments.Count)
            {
                errors.Add($"The argument {arguments[i]} lacks its value.");
            }
            else if (!values.TryAdd(arguments[i], arguments[i + 1]))
            {
                errors.Add($"The argument {arguments[i]} stands there twice.");
            }
        }
        if (!values.ContainsKey("--config"))
        {
            errors.Add("The argument --config FILE is missing.");
        }
        var listen = ReadAddress(values, "--listen", errors);
        var nsm = values.ContainsKey("--nsm") ? ReadPath(values, errors) : null;
        if (errors.Count > 0)
        {
            throw new ConfigurationException([.. errors, Usage]);
        }
        return new CommandLine(values["--config"], listen!, nsm);
    }

    private static EnclaveAddress? ReadAddress(Dictionary<string, string> values, string name, List<string> errors)
    {
        if (!values.TryGetValue(name, out var text))
        {
            errors.Add($"The argument {name} ADDRESS is missing.");
            return null;
        }
        if (EnclaveAddress.TryParse(text, out var address))
        {
            return address;
        }
        errors.Add($"The argument {name} must be {EnclaveAddress.Forms}.");
        return null;
    }

    private static string? ReadPath(Dictionary<string, string> values, List<string> errors)
    {
        if (EnclaveAddress.TryParse(values["--nsm"], out var address) && address is EnclaveAddress.UnixSocket socket)
        {
            return socket.Path;
        }
        errors.Add("The argument --nsm must be unix:PATH, the path at most 107 bytes.");
        return null;
    }
}
