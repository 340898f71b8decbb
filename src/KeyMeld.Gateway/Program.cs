using System.Collections;
using KeyMeld.Gateway;
using KeyMeld.Gateway.Configuration;
using KeyMeld.Gateway.Fleet;
using KeyMeld.Gateway.Forwarding;
using KeyMeld.Gateway.Operations;
using KeyMeld.Gateway.Storage.Maintenance;
using KeyMeld.Protocol.Errors;

const int ConfigurationInvalid = 2;
const int StorageFailed = 3;

if (args is ["forward", .. var rest])
{
    return await ForwarderHost.RunAsync(rest);
}
if (args is ["db", .. var work])
{
    return await RunDbAsync(work);
}
if (args is not ["--config", var file, .. var more] || more is not ([] or ["--check"]))
{
    await Console.Error.WriteLineAsync($"KeyMeld.Gateway --config FILE [--check]\n--check says whether the configuration is good, and starts nothing.\n{ForwardArguments.Usage}\n{DbArguments.Usage}\nSettings are described in config/development.yaml; KEYMELD__SECTION__KEY in the environment overrides them.");
    return ConfigurationInvalid;
}
try
{
    IDictionary environment = Environment.GetEnvironmentVariables();
    var settings = SettingsReader.Load(file, environment);
    if (more.Length > 0)
    {
        Console.WriteLine(SettingsCheckJson.Of(settings, TimeProvider.System));
        return 0;
    }
    await using var app = GatewayHost.Build(settings, CredentialsOfEnvironment.Read(environment), TimeProvider.System);
    await app.StartAsync();
    Console.WriteLine($"ready {GatewayHost.AddressOf(app)}");
    if (GatewayHost.OperatorAddressOf(app) is { } operators)
    {
        Console.WriteLine($"operator {operators}");
    }
    await app.WaitForShutdownAsync();
    return 0;
}
catch (KeyMeldException exception) when (exception.Code is ErrorCodes.ConfigurationInvalid or ErrorCodes.StorageFailed)
{
    await Console.Error.WriteLineAsync($"{exception.Code}:\n{exception.Message}");
    return exception.Code == ErrorCodes.StorageFailed ? StorageFailed : ConfigurationInvalid;
}
catch (IOException exception)
{
    await Console.Error.WriteLineAsync($"{ErrorCodes.ConfigurationInvalid}:\nlisten: {exception.Message}");
    return ConfigurationInvalid;
}

static async Task<int> RunDbAsync(string[] work)
{
    if (DbArguments.Parse(work) is not { } arguments)
    {
        await Console.Error.WriteLineAsync(DbArguments.Usage);
        return ConfigurationInvalid;
    }
    try
    {
        return await DbProgram.RunAsync(arguments, Environment.GetEnvironmentVariables(), TimeProvider.System, Console.Out);
    }
    catch (KeyMeldException exception)
    {
        await Console.Error.WriteLineAsync($"{exception.Code}:\n{exception.Message}");
        return exception.Code == ErrorCodes.ConfigurationInvalid ? ConfigurationInvalid : StorageFailed;
    }
}
