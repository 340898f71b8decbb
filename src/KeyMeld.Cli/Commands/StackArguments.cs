using System.CommandLine;
using KeyMeld.DevKit.Stack;

namespace KeyMeld.Cli.Commands;

/// <summary>The options that commands with a development stack share.</summary>
internal sealed class StackArguments
{
    public Option<string> Data { get; }

    public Option<int> Enclaves { get; } = Bounded("--enclaves", "How many enclaves to run (1 to 16).", 3, 1, 16);

    public Option<int> Port { get; } = Bounded("--port", "Port of the gateway on 127.0.0.1.", 8090, 1, 65535);

    public Option<int> KmsPort { get; } = Bounded("--kms-port", "Port of the KMS emulator on 127.0.0.1.", 4566, 1, 65535);

    public Option<int> KmsTlsPort { get; } = Bounded("--kms-tls-port", "Port of the KMS emulator with TLS, where the transport needs one.", 4567, 1, 65535);

    public Option<StackTransport> Transport { get; } = TransportOption();

    public StackArguments(string defaultData) =>
        Data = new Option<string>("--data") { Description = "Folder for database, keys of the stand-ins, logs.", DefaultValueFactory = _ => defaultData };

    public void AddTo(Command command)
    {
        command.Options.Add(Data);
        command.Options.Add(Enclaves);
        command.Options.Add(Port);
        command.Options.Add(KmsPort);
        command.Options.Add(KmsTlsPort);
        command.Options.Add(Transport);
    }

    public StackOptions Read(ParseResult parsed) => new()
    {
        DataDirectory = parsed.GetValue(Data)!,
        Enclaves = parsed.GetValue(Enclaves),
        Port = parsed.GetValue(Port),
        KmsPort = parsed.GetValue(KmsPort),
        KmsTlsPort = parsed.GetValue(KmsTlsPort),
        Transport = parsed.GetValue(Transport),
    };

    /// <summary>How the parts reach each other.</summary>
    public static Option<StackTransport> TransportOption() => new("--transport")
    {
        Description = "direct, or as on Nitro with KMS through the gateway's forwarder and TLS in the enclave: forwarded (unix sockets) or vsock (needs the kernel's vsock_loopback).",
        DefaultValueFactory = _ => StackTransport.Direct,
    };

    /// <summary>A whole number within bounds.</summary>
    public static Option<int> Bounded(string name, string description, int standard, int least, int most)
    {
        var option = new Option<int>(name) { Description = description, DefaultValueFactory = _ => standard };
        option.Validators.Add(result =>
        {
            if (result.Tokens.Count == 1 && (!int.TryParse(result.Tokens[0].Value, out var value) || value < least || value > most))
            {
                result.AddError($"{name} takes a whole number from {least} to {most}.");
            }
        });
        return option;
    }
}
