using System.Buffers.Binary;
using System.Formats.Cbor;
using System.Net.Sockets;
using KeyMeld.Attestation;
using KeyMeld.DevKit.Nsm;
using Microsoft.Extensions.Time.Testing;

namespace KeyMeld.Tests.DevKit.Nsm;

/// <summary>A simulator with one enclave in a folder of its own, and a caller at its socket.</summary>
internal sealed class SimulatedMachine : IAsyncDisposable
{
    private readonly List<NsmSimulator> _running = [];

    public SimulatedMachine()
    {
        Directory.CreateDirectory(BinaryFolder);
        File.WriteAllText(Path.Combine(BinaryFolder, "enclave.dll"), "program");
        File.WriteAllText(ConfigurationFile, "mode: development");
    }

    public string Folder { get; } = Directory.CreateTempSubdirectory("keymeld-nsm-").FullName;

    public string BinaryFolder => Path.Combine(Folder, "bin");

    public string ConfigurationFile => Path.Combine(Folder, "enclave.yaml");

    public string SocketPath => Path.Combine(Folder, "run", "nsm-0.sock");

    public FakeTimeProvider Clock { get; } = new(new DateTimeOffset(2026, 3, 1, 12, 0, 0, TimeSpan.Zero));

    public StringWriter Log { get; } = new();

    public SimulatedEnclave Enclave => new("0", SocketPath, BinaryFolder, ConfigurationFile);

    public async Task<NsmSimulator> StartAsync(params SimulatedEnclave[] more)
    {
        var simulator = await NsmSimulator.StartAsync(Folder, [Enclave, .. more], Clock, Log);
        _running.Add(simulator);
        return simulator;
    }

    public Connection Connect(string? path = null) => new(path ?? SocketPath);

    /// <summary>Asks for a document on a connection of its own.</summary>
    public byte[] Attest(byte[]? userData, byte[]? nonce, byte[]? publicKey)
    {
        using var connection = Connect();
        return connection.Attest(userData, nonce, publicKey);
    }

    public VerifiedAttestation Verify(NsmSimulator simulator, byte[] document, AttestationExpectations expectations) =>
        new AttestationVerifier(simulator.Root, Clock).Verify(document, expectations);

    public async ValueTask DisposeAsync()
    {
        foreach (var simulator in _running)
        {
            await simulator.DisposeAsync();
        }
        Directory.Delete(Folder, recursive: true);
    }

    internal sealed class Connection : IDisposable
    {
        private readonly Socket _socket = new(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        private readonly NetworkStream _stream;

        public Connection(string path)
        {
            _socket.Connect(new UnixDomainSocketEndPoint(path));
            _socket.ReceiveTimeout = 30_000;
            _stream = new NetworkStream(_socket);
        }

        public byte[] Ask(byte[] request)
        {
            Send((uint)request.Length, request);
            return Receive() ?? throw new EndOfStreamException();
        }

        public string AskHex(string request) => Convert.ToHexStringLower(Ask(Convert.FromHexString(request)));

        public byte[] Attest(byte[]? userData, byte[]? nonce, byte[]? publicKey)
        {
            var reader = new CborReader(Ask(AttestationRequest(userData, nonce, publicKey)));
            reader.ReadStartMap();
            Assert.Equal("Attestation", reader.ReadTextString());
            reader.ReadStartMap();
            Assert.Equal("document", reader.ReadTextString());
            return reader.ReadByteString();
        }

        public void Send(uint length, byte[] body)
        {
            var header = new byte[4];
            BinaryPrimitives.WriteUInt32BigEndian(header, length);
            _stream.Write(header);
            _stream.Write(body);
        }

        /// <summary>The next frame; null when the other side has closed.</summary>
        public byte[]? Receive()
        {
            var header = new byte[4];
            if (_stream.ReadAtLeast(header, 4, throwOnEndOfStream: false) < 4)
            {
                return null;
            }
            var body = new byte[BinaryPrimitives.ReadInt32BigEndian(header)];
            _stream.ReadExactly(body);
            return body;
        }

        public void Dispose()
        {
            _stream.Dispose();
            _socket.Dispose();
        }

        private static byte[] AttestationRequest(byte[]? userData, byte[]? nonce, byte[]? publicKey)
        {
            var writer = new CborWriter();
            writer.WriteStartMap(1);
            writer.WriteTextString("Attestation");
            writer.WriteStartMap(3);
            foreach (var (name, value) in new[] { ("user_data", userData), ("nonce", nonce), ("public_key", publicKey) })
            {
                writer.WriteTextString(name);
                if (value is null)
                {
                    writer.WriteNull();
                }
                else
                {
                    writer.WriteByteString(value);
                }
            }
            writer.WriteEndMap();
            writer.WriteEndMap();
            return writer.Encode();
        }
    }
}
