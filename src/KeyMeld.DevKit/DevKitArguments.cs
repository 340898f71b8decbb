using System.Globalization;
using System.Text;
using KeyMeld.DevKit.Kms.Tls;
using KeyMeld.DevKit.Nsm;
using KeyMeld.DevKit.Nsm.Sockets;

namespace KeyMeld.DevKit;

/// <summary>The command line, parsed as a whole so that everything wrong with it is told at once.</summary>
internal sealed record DevKitArguments(string DataFolder, int? KmsPort, KmsTls? Tls, string Region, IReadOnlyList<SimulatedEnclave> Enclaves)
{
    public const string Usage = "usage: KeyMeld.DevKit --data DIR [--kms-port PORT [--kms-tls PORT=NAME] [--region REGION]] [--enclave ID=NSM_SOCKET,BINARY_DIR,CONFIG_FILE]...";

    /// <summary>The arguments, or null and every error.</summary>
    public static DevKitArguments? Parse(IReadOnlyList<string> arguments, out IReadOnlyList<string> errors)
    {
        var parser = new Parser();
        errors = parser.Errors;
        return parser.Parse(arguments);
    }

    private sealed class Parser
    {
        private readonly List<SimulatedEnclave> _enclaves = [];
        private string? _dataFolder;
        private int? _kmsPort;
        private KmsTls? _tls;
        private string? _region;

        public List<string> Errors { get; } = [];

        public DevKitArguments? Parse(IReadOnlyList<string> arguments)
        {
            for (var i = 0; i < arguments.Count; i += 2)
            {
                if (arguments[i] is not ("--data" or "--kms-port" or "--kms-tls" or "--region" or "--enclave"))
                {
                    Errors.Add($"'{arguments[i]}' is not an option.");
                    i--;
                }
                else if (i + 1 == arguments.Count || arguments[i + 1].Length == 0)
                {
                    Errors.Add($"{arguments[i]} needs a value.");
                }
                else
                {
                    Take(arguments[i], arguments[i + 1]);
                }
            }
            Require(_dataFolder, "--data");
            if (_tls is not null && _kmsPort is null)
            {
                Errors.Add("--kms-tls is beside --kms-port: give both.");
            }
            if (_kmsPort is null && _enclaves.Count == 0)
            {
                Errors.Add("There is nothing to do: give --kms-port for the KMS emulator, --enclave for the NSM simulator, or both.");
            }
            return Errors.Count == 0 ? new DevKitArguments(_dataFolder!, _kmsPort, _tls, _region ?? "us-west-2", _enclaves) : null;
        }

        private void Take(string option, string value)
        {
            switch (option)
            {
                case "--data" when _dataFolder is null:
                    _dataFolder = value;
                    break;
                case "--kms-port" when _kmsPort is null:
                    _kmsPort = Port(option, value);
                    break;
                case "--kms-tls" when _tls is null && value.Split('=') is [var port, { Length: > 0 } name]:
                    _tls = new KmsTls(Port(option, port), name);
                    break;
                case "--kms-tls" when _tls is null:
                    Errors.Add($"--kms-tls '{value}' is not PORT=NAME.");
                    break;
                case "--region" when _region is null:
                    _region = value;
                    break;
                case "--enclave":
                    TakeEnclave(value);
                    break;
                default:
                    Errors.Add($"{option} is there more than once.");
                    break;
            }
        }

        private int Port(string option, string value)
        {
            if (!int.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out var port) || port is < 1 or > ushort.MaxValue)
            {
                Errors.Add($"{option} '{value}' is not a port (1 to {ushort.MaxValue}).");
            }
            return port;
        }

        private void TakeEnclave(string value)
        {
            var (id, rest) = value.Split('=', 2) is [var left, var right] ? (left, right) : ("", value);
            if (!uint.TryParse(id, NumberStyles.None, CultureInfo.InvariantCulture, out var number)
                || rest.Split(',') is not [{ Length: > 0 } socket, { Length: > 0 } binaries, { Length: > 0 } configuration])
            {
                Errors.Add($"--enclave '{value}' is not ID=NSM_SOCKET,BINARY_DIR,CONFIG_FILE with a number as ID and paths without commas.");
                return;
            }
            if (Encoding.UTF8.GetByteCount(socket) > PrivateSocket.MaxPathBytes)
            {
                Errors.Add($"--enclave {number}: the socket's path is longer than the {PrivateSocket.MaxPathBytes} bytes a unix socket allows.");
            }
            if (_enclaves.Any(enclave => enclave.Id == $"{number}"))
            {
                Errors.Add($"--enclave {number} is there more than once.");
            }
            if (_enclaves.Any(enclave => Path.GetFullPath(enclave.SocketPath) == Path.GetFullPath(socket)))
            {
                Errors.Add($"--enclave {number}: another enclave has the socket {socket}.");
            }
            _enclaves.Add(new SimulatedEnclave($"{number}", socket, binaries, configuration));
        }

        private void Require(object? value, string option)
        {
            if (value is null && !Errors.Any(error => error.StartsWith($"{option} needs", StringComparison.Ordinal)))
            {
                Errors.Add($"{option} is missing.");
            }
        }
    }
}
