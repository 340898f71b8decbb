using KeyMeld.Enclave.Configuration;
using KeyMeld.Enclave.Hosting;
using KeyMeld.Enclave.Nsm;
using KeyMeld.Protocol.Statements;
using KeyMeld.Secp256k1;

const int BadConfiguration = 2;
try
{
    var complaints = ProcessEnvironment.Complaints(ProcessEnvironment.Variables());
    if (complaints.Count > 0)
    {
        throw new ConfigurationException(complaints);
    }
    CleanStart.Ensure();
    ProcessEnvironment.Clear();
    ProcessHardening.Apply();
    var line = CommandLine.Parse(args);
    var configuration = ConfigurationFile.Read(line.ConfigurationFile);
    if (configuration.IsProduction && line.NsmSocket is not null)
    {
        throw new ConfigurationException(["The argument --nsm is for development only: in production the module is /dev/nsm."]);
    }
    INsm nsm = line.NsmSocket is { } path ? new NsmSocket(path) : new NsmDevice();
    if (configuration.Mode is EnclaveMode.Production)
    {
        NsmDevice.RequireKernelGenerator();
    }
    using var entropy = NsmEntropy.Draw(new NsmClient(nsm));
    SecureRandom.AddSource(entropy.Fill);
    await using var app = EnclaveHost.Build(configuration, line.Listen, nsm);
    await app.RunAsync();
    return 0;
}
catch (ConfigurationException exception)
{
    foreach (var error in exception.Errors)
    {
        await Console.Error.WriteLineAsync(error);
    }
    return BadConfiguration;
}
catch (Exception exception) when (exception is NsmException or IOException)
{
    await Console.Error.WriteLineAsync(exception.Message);
    return 1;
}
